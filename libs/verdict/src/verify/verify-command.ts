import { openTrustRoot, publicKeyFromPem, verifyRevocationList, trustedKeys, type TrustRoot } from '@stella/attestation';
import { isDomainError } from '@stella/errors';
import { EXIT_CODES, type Answer } from './answer.js';
import { encodeSeen, parseSeen, type Seen, seeList, seeRoot } from './seen.js';
import { verifyBundle } from './verify-bundle.js';
import type { VerifyOptions } from './verify-options.js';

/** What `stella verify` was given: contents of files, and options as typed. */
export interface VerifyCommandInput {
  readonly bundle: Uint8Array;
  /** A signed production root, or the unsigned root of a development installation. */
  readonly trustRoot: Uint8Array;
  /** PEM of the root keys that the user pins; needed for a production root. */
  readonly pinnedKeysPem: readonly string[];
  /** Undefined: not given, so that nothing can be checked to the end. */
  readonly revocationList?: Uint8Array;
  /** An older list is not believed. */
  readonly minRevocationsVersion?: number;
  /** What was seen before, as the result gives it; empty: nothing yet; undefined: it is not remembered. */
  readonly seen?: Uint8Array;
  /** `sha256:<hex>` or hex. */
  readonly subjects: readonly string[];
  readonly policy: string;
  readonly now: Date;
  readonly maxAge?: string;
  readonly verifierId?: string;
  readonly resourceUri?: string;
}

export interface CommandResult {
  readonly exitCode: (typeof EXIT_CODES)[keyof typeof EXIT_CODES];
  readonly answer: Answer;
  /** To be kept for the next time, where it is remembered and root and list are believed. */
  readonly seen?: Uint8Array;
}

const UNIT_MS: Readonly<Record<string, number>> = { s: 1_000, m: 60_000, h: 3_600_000, d: 86_400_000 };
const MAX_AGE = /^(?<count>[1-9]\d{0,8})(?<unit>[smhd])$/;

/** `stella verify` without its files and terminal. A root or list that is missing, stale, older than one seen before or not signed is exit code 4. */
export function verifyBundleCommand(input: VerifyCommandInput): CommandResult {
  const maxAgeMs = input.maxAge === undefined ? undefined : durationMs(input.maxAge);
  if (input.maxAge !== undefined && maxAgeMs === undefined) return end({ answer: 'usage', detail: 'MAX_AGE', facts: { maxAge: input.maxAge.slice(0, 100), form: '30s, 15m, 12h or 7d' } });
  try {
    const pinned = input.pinnedKeysPem.map(publicKeyFromPem);
    const root = openTrustRoot(input.trustRoot, pinned, input.now);
    const seenBefore = seeRoot(parseSeen(input.seen ?? new Uint8Array()), root);
    const { revocations, seen } = openRevocations(input, root, seenBefore);
    const options: VerifyOptions = {
      root,
      revocations,
      subjects: input.subjects.map(digestOf),
      policySha256: digestOf(input.policy),
      now: input.now,
      ...(maxAgeMs !== undefined && { maxAgeMs }),
      ...(input.verifierId !== undefined && { verifierId: input.verifierId }),
      ...(input.resourceUri !== undefined && { resourceUri: input.resourceUri }),
    };
    return end(verifyBundle(input.bundle, options), input.seen && encodeSeen(seen));
  } catch (error) {
    if (isDomainError(error)) return end({ answer: 'could-not-check', detail: error.reason, facts: error.facts });
    throw error;
  }
}

function end(answer: Answer, seen?: Uint8Array): CommandResult {
  return { exitCode: EXIT_CODES[answer.answer], answer, ...(seen && { seen }) };
}

function digestOf(text: string): string {
  return text.startsWith('sha256:') ? text.slice('sha256:'.length) : text;
}

function durationMs(text: string): number | undefined {
  const groups = MAX_AGE.exec(text)?.groups;
  const ms = Number(groups?.count) * (UNIT_MS[groups?.unit ?? ''] ?? Number.NaN);
  return Number.isSafeInteger(ms) ? ms : undefined;
}

interface OpenedRevocations {
  readonly revocations: VerifyOptions['revocations'];
  readonly seen: Seen;
}

function openRevocations({ revocationList, now, verifierId, minRevocationsVersion }: VerifyCommandInput, root: TrustRoot, seen: Seen): OpenedRevocations {
  const none = (unavailable: string): OpenedRevocations => ({ revocations: { unavailable }, seen });
  if (revocationList === undefined) return none('NOT_GIVEN');
  const issuers = new Set(trustedKeys(root, 'verdict', now).filter((key) => verifierId === undefined || key.verifierId === verifierId).map(({ organisation }) => organisation));
  let unavailable = 'NO_VERIFIER';
  for (const issuer of issuers) {
    try {
      const list = verifyRevocationList(revocationList, root, { issuer, now });
      if (list.version < (minRevocationsVersion ?? 0)) return none('REVOCATION_LIST_ROLLED_BACK');
      return { revocations: { list }, seen: seeList(seen, list) };
    } catch (error) {
      if (!isDomainError(error)) throw error;
      unavailable = error.reason;
    }
  }
  return none(unavailable);
}
