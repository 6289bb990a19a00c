import { SHA256_HEX, trustedKey } from '@stella/attestation';
import { parseBundle, type Bundle } from '../bundle/bundle.js';
import { readVerdict } from '../verdict/read-verdict.js';
import type { Verdict } from '../verdict/verdict.js';
import { attempt, Ended, wrongUsage, type Answer } from './answer.js';
import { checkAge, checkOutcome, checkSigner, checkSubject, checkType, checkVerdictRevocation, openVerdict, type OpenedVerdict } from './check-verdict.js';
import { checkEvidenceList } from './check-evidence-list.js';
import { checkPolicy } from './check-policy.js';
import { checkRecomputation } from './check-recomputation.js';
import { checkWaivers } from './check-waivers.js';
import type { VerifyOptions } from './verify-options.js';

/**
 * Checks a bundle offline and computes its decision again. The first thing that is wrong is the answer, in the order:
 * malformed, signature, signer, subject, type, revoked or superseded, outcome, policy, age, evidence, waiver, recomputation.
 * A REVIEW whose checks all hold is `review`; nothing else but an ALLOW is `yes`. Roots, keys, policies and addresses inside
 * the bundle decide nothing.
 */
export function verifyBundle(bytes: Uint8Array, options: VerifyOptions): Answer {
  try {
    checkOptions(options);
    const bundle = attempt('malformed', () => parseBundle(bytes, options.bundleBytesMax));
    const opened = openVerdict(bundle.verdict, options.root);
    checkSigner(opened, options);
    checkSubject(opened, options.subjects);
    checkType(opened);
    const verdict = attempt('malformed', () => readVerdict(opened.statement));
    return checkVerdict(bundle, opened, verdict, options);
  } catch (error) {
    if (error instanceof Ended) return error.answer;
    throw error;
  }
}

function checkVerdict(bundle: Bundle, opened: OpenedVerdict, verdict: Verdict, options: VerifyOptions): Answer {
  const trust = { root: options.root, revocations: checkVerdictRevocation(opened, verdict, options) };
  checkOutcome(bundle, opened, verdict, options);
  const policy = checkPolicy(bundle, verdict, trust, options.policySha256);
  checkAge(verdict, options);
  checkEvidenceList(bundle, verdict, trust);
  checkWaivers(bundle, verdict, trust, policy, options.now);
  const organisation = trustedKey(options.root, opened.key.fingerprint)?.organisation ?? '';
  checkRecomputation(bundle, verdict, { policy, organisation, trust });
  if (verdict.outcome === 'REVIEW') return { answer: 'review', verdictId: opened.id, verdict, unmetRules: verdict.unmetRules };
  return { answer: 'yes', verdictId: opened.id, verdict };
}

function checkOptions({ subjects, policySha256, maxAgeMs, now, root, verifierId }: VerifyOptions): void {
  if (subjects.length === 0) wrongUsage('SUBJECT_MISSING');
  const wrong = [...subjects, policySha256].find((digest) => !SHA256_HEX.test(digest));
  if (wrong !== undefined) wrongUsage('DIGEST_NOT_CANONICAL', { digest: wrong.slice(0, 100) });
  if (Number.isNaN(now.getTime())) wrongUsage('NOW');
  if (maxAgeMs !== undefined && (!Number.isSafeInteger(maxAgeMs) || maxAgeMs <= 0)) wrongUsage('MAX_AGE');
  const verifiers = new Set(root.keys.flatMap((key) => (key.roles.includes('verdict') && key.verifierId !== undefined ? [key.verifierId] : [])));
  if (verifierId === undefined && verifiers.size > 1) wrongUsage('VERIFIER_AMBIGUOUS', { verifiers: [...verifiers].sort().join(' ').slice(0, 1_000) });
}
