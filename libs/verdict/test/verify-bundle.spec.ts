import { encodeBase64, pae, parseEnvelope, parseStatement, PREDICATE_TYPES, sha256Hex, signEnvelope, signStatement, type Revocation } from '@stella/attestation';
import { canonicalize, IN_TOTO_PAYLOAD_TYPE, encodeEnvelope } from '@stella/attestation';
import { withFacts, type Facts } from '@stella/policy';
import { parseBundle, questionOf, readVerdict, summaryStatement, VERDICT_LIMITS, type Verdict, verdictId, verifyBundle, type Answer, type VerifyOptions } from '../src/index.js';
import { forged, replaced } from './support/forge.js';
import { KEYS, NOW, OTHER_TENANT_KEY, OTHER_VERIFIER, PAIRS, rootOf, revocationsOf, VERIFIER } from './support/keys.js';
import { BASELINE, CANDIDATE, deltaEnvelopes, NEW_UNITS, PARSE, resultEnvelope, witnessEnvelope } from './support/release.js';
import { DECIDED, makeWorld, payloadDigest, preset, RESOURCE, soundEvidence, type World } from './support/world.js';

let world: World;
beforeAll(async () => {
  world = await makeWorld();
});

function ask(bundle: Uint8Array, change: Partial<VerifyOptions> = {}, of: World = world): string {
  return said(verifyBundle(bundle, { ...of.options, ...change }));
}

function said(answer: Answer): string {
  if (answer.answer === 'no') return `${answer.refusal} ${answer.detail}`;
  return answer.answer === 'yes' || answer.answer === 'review' ? answer.answer : `${answer.answer} ${answer.detail}`;
}

/** The verdict's place holds another envelope. */
const withVerdict = (verdict: Uint8Array): Uint8Array => replaced(world, () => ({ verdict }));
const payload = (): Uint8Array => parseEnvelope(world.issued.envelope).payload;
const text = (bytes: Uint8Array): string => Buffer.from(bytes).toString('utf8');

test('a sound release is allowed, and its bundle says so to who trusts the root', () => {
  expect(world.issued.verdict).toMatchObject({ outcome: 'ALLOW', unmetRules: [], unexplained: [], refused: [] });
  expect(ask(world.issued.bundle)).toBe('yes');
  expect(ask(world.issued.bundle, { verifierId: VERIFIER, resourceUri: RESOURCE, maxAgeMs: 3_600_000 })).toBe('yes');
});

test('the same question has the same verdict', async () => {
  const items = parseBundle(world.issued.bundle).evidence;
  const again = await makeWorld({ items: [...items].reverse(), logSize: world.issued.verdict.log.size });
  expect({ ...again.issued.verdict, attachments: [] }).toEqual({ ...world.issued.verdict, attachments: [] });
});

describe('envelope and signature', () => {
  test('row 1: another payload type, signed as such', async () => {
    expect(ask(withVerdict(await signEnvelope('application/json', payload(), PAIRS.gate)))).toBe('signature ENVELOPE_PAYLOAD_TYPE_MISMATCH');
  });

  test.each([
    ['row 2: a signature over PAE with another payload type', (bytes: Uint8Array) => pae('application/json', bytes)],
    ['row 3: a signature over the raw payload', (bytes: Uint8Array) => bytes],
    ['row 4: a signature over PAE of the base64 text', (bytes: Uint8Array) => pae(IN_TOTO_PAYLOAD_TYPE, Buffer.from(encodeBase64(bytes)))],
  ])('%s', async (_, message) => {
    const envelope = encodeEnvelope({ payloadType: IN_TOTO_PAYLOAD_TYPE, payload: payload(), signature: await PAIRS.gate.sign(message(payload())) });
    expect(ask(withVerdict(envelope))).toBe('signature SIGNATURE_UNVERIFIED');
  });

  test('row 47: another copy of the payload beside the signed one is not even looked at', () => {
    const envelope = JSON.parse(text(world.issued.envelope)) as Record<string, string>;
    const twin = encodeBase64(Buffer.from(text(payload()).replace('"ALLOW"', '"DENY"')));
    for (const copy of [{ statement: twin }, { payloads: [twin] }]) {
      expect(ask(withVerdict(canonicalize({ ...envelope, ...copy })))).toMatch(/^malformed (ENVELOPE|JSON|BUNDLE)_/);
    }
  });

  test('row 5: a good statement of another type is no verdict', async () => {
    const other = await signStatement({ subjects: [{ name: 'candidate', sha256: CANDIDATE }], predicateType: PREDICATE_TYPES.verifyResult, predicate: {} }, PAIRS.gate);
    const answer = verifyBundle(withVerdict(other), world.options);
    expect(answer).toMatchObject({ answer: 'no', refusal: 'type', detail: 'NO_VERDICT', facts: { found: PREDICATE_TYPES.verifyResult } });
  });

  test('row 6: a payload that cannot be read, well signed', async () => {
    expect(ask(withVerdict(await signEnvelope(IN_TOTO_PAYLOAD_TYPE, Buffer.from('{"_type":'), PAIRS.gate)))).toBe('malformed JSON_MALFORMED');
  });

  test.each([
    ['row 20: a member twice', (t: string) => t.replace('"outcome":"ALLOW"', '"outcome":"DENY","outcome":"ALLOW"')],
    ['row 21: a twin that differs by case', (t: string) => t.replace('"outcome":"ALLOW"', '"outcome":"ALLOW","Outcome":"DENY"')],
    ['row 22: a twin by a long s', (t: string) => t.replace('"subject":', '"ſubject":[],"subject":')],
    ['row 23: something after the value', (t: string) => `${t} `],
    ['row 23: a byte order mark', (t: string) => `\ufeff${t}`],
    ['row 23: a fraction', (t: string) => t.replace('"unexplainedCount":0', '"unexplainedCount":0.0')],
    ['row 23: a number beyond 2^53', (t: string) => t.replace('"unexplainedCount":0', '"unexplainedCount":9007199254740993')],
    ['row 23: NaN', (t: string) => t.replace('"unexplainedCount":0', '"unexplainedCount":NaN')],
    ['row 23: half a character', (t: string) => t.replace('"supersedes":""', '"supersedes":"\\ud800"')],
    ['row 23: a depth of 10,000', (t: string) => t.replace('"errors":[]', `"errors":${'['.repeat(10_000)}${']'.repeat(10_000)}`)],
    ['row 10: no subject', (t: string) => t.replace(/"subject":\[.*?\]/, '"subject":[]')],
    ['row 10: only SHA-1', (t: string) => t.replace(/"digest":\{"sha256":"[0-9a-f]{64}"\}/, `"digest":{"sha1":"${'a'.repeat(40)}"}`)],
    ['row 13: a digest in capitals', (t: string) => t.replace(CANDIDATE, CANDIDATE.toUpperCase())],
    ['a member that nobody knows', (t: string) => t.replace('"errors":[]', '"errors":[],"extra":1')],
  ])('%s, well signed', async (_, change) => {
    const changed = change(text(payload()));
    expect(changed).not.toBe(text(payload()));
    expect(ask(withVerdict(await signEnvelope(IN_TOTO_PAYLOAD_TYPE, Buffer.from(changed), PAIRS.gate)))).toMatch(/^malformed /);
  });

  test.each([
    ['row 9: an empty file', ''],
    ['row 9: an empty bundle', '{}'],
    ['no JSON', 'PK\u0003\u0004'],
    ['a list', '[]'],
  ])('%s', (_, content) => {
    expect(ask(Buffer.from(content))).toBe('malformed BUNDLE_INVALID');
  });

  test('row 23: a file that is too large is not read', () => {
    expect(ask(world.issued.bundle, { bundleBytesMax: 1_000 })).toBe('malformed BUNDLE_TOO_LARGE');
  });
});

describe('signer', () => {
  test('somebody whom the root does not know', async () => {
    expect(ask(await forged(world, {}, {}, PAIRS.stranger))).toBe('signature SIGNATURE_UNVERIFIED');
  });

  test('a key of another role', async () => {
    expect(ask(await forged(world, {}, {}, PAIRS.psdi))).toBe('signer SIGNER_ROLE');
  });

  test('row 14: the verdict of another tenant’s verifier, whose key is trusted, too', async () => {
    const root = await rootOf([...KEYS, OTHER_TENANT_KEY]);
    const bundle = await forged(world, { verifierId: OTHER_VERIFIER }, {}, PAIRS.otherGate);
    expect(ask(bundle, { root, verifierId: VERIFIER })).toBe('signer OTHER_VERIFIER');
    expect(ask(bundle, { root })).toBe('usage VERIFIER_AMBIGUOUS');
    expect(ask(await forged(world, { verifierId: VERIFIER }, {}, PAIRS.otherGate), { root, verifierId: VERIFIER })).toBe('signer SIGNER_OF_ANOTHER_VERIFIER');
    expect(ask(world.issued.bundle, { root, verifierId: VERIFIER })).toBe('yes');
  });

  test('row 31: a key that has expired since, though the verdict says that it was signed before', async () => {
    const expired = KEYS.map((key) => (key.name === 'gate' ? { ...key, validUntil: new Date(NOW.getTime() - 1) } : key));
    expect(ask(world.issued.bundle, { root: await rootOf(expired) })).toBe('signer SIGNER_NOT_VALID');
  });

  test('another trust root', async () => {
    const without = await rootOf(KEYS.filter(({ name }) => name !== 'gate'));
    expect(ask(world.issued.bundle, { root: without })).toBe('signature SIGNATURE_UNVERIFIED');
  });
});

describe('subject', () => {
  test('row 11: a good verdict of another artifact', () => {
    expect(ask(world.issued.bundle, { subjects: [BASELINE] })).toBe('subject OTHER_SUBJECT');
    expect(ask(world.issued.bundle, { subjects: [CANDIDATE, BASELINE] })).toBe('subject OTHER_SUBJECT');
  });

  test('row 12: two subjects, ours second', async () => {
    const { predicateType, predicate } = parseStatement(payload());
    const subjects = [{ name: 'other', sha256: BASELINE }, { name: 'ours', sha256: CANDIDATE }];
    expect(ask(withVerdict(await signStatement({ subjects, predicateType, predicate }, PAIRS.gate)))).toBe('subject SUBJECTS_MANY');
  });

  test('row 13: a digest in capitals is asked for', () => {
    expect(ask(world.issued.bundle, { subjects: [CANDIDATE.toUpperCase()] })).toBe('usage DIGEST_NOT_CANONICAL');
    expect(ask(world.issued.bundle, { subjects: [] })).toBe('usage SUBJECT_MISSING');
  });
});

describe('revocation', () => {
  const revoked = async (kind: Revocation['kind'], id: string, more: Partial<Revocation> = {}): Promise<Partial<VerifyOptions>> => {
    const entry: Revocation = { kind, id, reason: 'superseded', at: NOW, ...more };
    return { revocations: { list: await revocationsOf(world.options.root, [entry]) } };
  };

  test('row 51: a verdict that was superseded, or withdrawn', async () => {
    expect(ask(world.issued.bundle, await revoked('verdict', world.issued.id))).toBe('revoked VERDICT_SUPERSEDED');
    expect(ask(world.issued.bundle, await revoked('statement', world.issued.id, { reason: 'withdrawn' }))).toBe('revoked VERDICT_WITHDRAWN');
  });

  test.each([
    ['its candidate', 'candidate', () => CANDIDATE],
    ['its question', 'question', () => questionOf(world.issued.verdict)],
  ] as const)('row 51: all that was decided about %s before', async (_, kind, id) => {
    const at = (ms: number) => ({ at: new Date(DECIDED.getTime() + ms) });
    expect(ask(world.issued.bundle, await revoked(kind, id(), at(1)))).toBe('revoked VERDICT_SUPERSEDED');
    expect(ask(world.issued.bundle, await revoked(kind, id(), { ...at(1), reason: 'withdrawn' }))).toBe('revoked VERDICT_WITHDRAWN');
    // What was decided at that time or since is newer than what was taken back.
    expect(ask(world.issued.bundle, await revoked(kind, id(), at(0)))).toBe('yes');
    expect(ask(world.issued.bundle, await revoked(kind, 'a'.repeat(64)))).toBe('yes');
  });

  test('another question is one with other claims, another baseline, policy or word for the baseline', () => {
    const { verdict } = world.issued;
    const others: Partial<typeof verdict>[] = [
      { claims: verdict.claims.slice(1) },
      { baseline: { ...verdict.baseline, sha256: CANDIDATE } },
      { policy: { ...verdict.policy, id: 'standard' } },
      { baselineWord: 'nobody' },
      { tenant: 'other' },
    ];
    const ids = [verdict, ...others.map((change) => ({ ...verdict, ...change }))].map(questionOf);
    expect(new Set(ids).size).toBe(ids.length);
    const same = { ...verdict, policy: { ...verdict.policy, version: 2, sha256: 'a'.repeat(64) }, claims: [...verdict.claims].reverse(), candidate: { ...verdict.candidate, label: 'x', resourceUri: 'pkg:x' } };
    expect(questionOf(same)).toBe(ids[0]);
  });

  test.each(['gate', 'psdi', 'policy'] as const)('the key of %s is revoked', async (name) => {
    const expected = { gate: 'revoked KEY_REVOKED', psdi: 'evidence SIGNER_REVOKED', policy: 'policy POLICY_REVOKED' }[name];
    expect(ask(world.issued.bundle, await revoked('key', PAIRS[name].publicKey.fingerprint))).toBe(expected);
  });

  test('the policy, a statement', async () => {
    expect(ask(world.issued.bundle, await revoked('policy', world.options.policySha256))).toBe('revoked POLICY_REVOKED');
    const statement = world.issued.verdict.evidence[0]?.payloadSha256 ?? '';
    expect(ask(world.issued.bundle, await revoked('statement', statement))).toBe('evidence STATEMENT_REVOKED');
  });

  test('rows 14 and 30: without a list, or with that of another issuer or tenant, nothing was checked', async () => {
    expect(ask(world.issued.bundle, { revocations: { unavailable: 'REVOCATION_LIST_STALE' } })).toBe('could-not-check REVOCATIONS_UNAVAILABLE');
    const { list } = world.options.revocations as { list: Awaited<ReturnType<typeof revocationsOf>> };
    for (const change of [{ issuer: 'other' }, { tenant: 'other' }]) {
      expect(ask(world.issued.bundle, { revocations: { list: { ...list, ...change } } })).toBe('could-not-check REVOCATIONS_OF_ANOTHER');
    }
  });

  test('what is wrong before is told though there is no list', () => {
    expect(ask(world.issued.bundle, { subjects: [BASELINE], revocations: { unavailable: 'NOT_GIVEN' } })).toBe('subject OTHER_SUBJECT');
  });
});

describe('outcome', () => {
  test('a DENY is no', async () => {
    const evidence = [...(await soundEvidence()).slice(0, 6), await resultEnvelope('candidate', 'expected-failure')];
    const denied = await makeWorld({ envelopes: evidence });
    expect(denied.issued.verdict).toMatchObject({ outcome: 'DENY' });
    expect(denied.issued.verdict.unmetRules.map(({ id }) => id)).toEqual(['candidate-fixed', 'claims-not-refuted', 'incident-gone']);
    expect(denied.issued.vsa).toBeUndefined();
    expect(ask(denied.issued.bundle, {}, denied)).toBe('outcome DENY');
  });

  test('a REVIEW is neither yes nor no, and is checked to the end', async () => {
    const review = await makeWorld({ claims: ['fixes incident app-7'] });
    expect(review.issued.verdict.unmetRules.map(({ id }) => id)).toEqual(['data-explained', 'functions-explained']);
    expect(review.issued.verdict.unexplained.map(({ displayName }) => displayName)).toContain(PARSE);
    expect(ask(review.issued.bundle, {}, review)).toBe('review');
    expect(ask(await forged(review, { outcome: 'REVIEW', unmetRules: [] }), {}, review)).toBe('recomputation DIFFERS');
  });

  test('row 8: a REVIEW or DENY with a summary that says PASSED', async () => {
    const review = await makeWorld({ claims: ['fixes incident app-7'] });
    expect(ask(replaced(review, () => ({ vsas: [world.issued.vsa ?? new Uint8Array()] })), {}, review)).toBe('outcome SUMMARY_AND_VERDICT_DISAGREE');
    expect(ask(await forged(review, { outcome: 'ALLOW' }), {}, review)).toBe('recomputation DIFFERS');
  });

  test('row 7: a summary that says FAILED', async () => {
    const { predicate, ...statement } = parseStatement(parseEnvelope(world.issued.vsa ?? new Uint8Array()).payload);
    const failed = { subjects: statement.subjects, predicateType: statement.predicateType, predicate: { ...predicate, verificationResult: 'FAILED' } };
    expect(ask(replacedVsa(await signStatement(failed, PAIRS.gate)))).toBe('outcome VSA_INVALID');
  });

  const replacedVsa = (vsa: Uint8Array): Uint8Array => replaced(world, () => ({ vsas: [vsa] }));
  const summary = (change: object) => summaryStatement({ ...world.issued.verdict, ...change }, verdictId(world.issued.verdict));

  test.each([
    ['row 15: of another resource', { candidate: { sha256: CANDIDATE, label: 'app@1.0.1', resourceUri: 'pkg:npm/other@1' } }],
    ['row 16: under another policy', { policy: { id: 'fast-patch', version: 1, level: 'STELLA_FAST_PATCH', sha256: 'a'.repeat(64) } }],
    ['row 19: of another time', { decidedAt: '1985-01-01T00:00:00.000Z' }],
    ['without an input', { evidence: [] }],
  ])('a summary %s, well signed', async (_, change) => {
    expect(ask(replacedVsa(await signStatement(summary(change), PAIRS.gate)))).toBe('outcome SUMMARY_AND_VERDICT_DISAGREE');
  });

  test('a summary of another level', async () => {
    const policy = { ...world.issued.verdict.policy, level: 'STELLA_STRICT' };
    expect(ask(replacedVsa(await signStatement(summary({ policy }), PAIRS.gate)))).toBe('outcome SUMMARY_AND_VERDICT_DISAGREE');
  });

  test('a summary by another key, and none at all', async () => {
    expect(ask(replacedVsa(await signStatement(summary({}), PAIRS.otherGate)))).toBe('outcome SIGNATURE_UNVERIFIED');
    expect(ask(replaced(world, () => ({ vsas: [] })))).toBe('outcome SUMMARY_AND_VERDICT_DISAGREE');
  });

  test('row 15: another resource is asked for', () => {
    expect(ask(world.issued.bundle, { resourceUri: 'pkg:npm/other@1' })).toBe('outcome OTHER_RESOURCE');
  });
});

describe('policy', () => {
  test('row 16: another policy is asked for', () => {
    expect(ask(world.issued.bundle, { policySha256: 'a'.repeat(64) })).toBe('policy OTHER_POLICY');
  });

  test('row 16: a laxer preset under the name of the stricter one', async () => {
    const lax = await makeWorld({ document: preset('standard') });
    const { sha256 } = lax.issued.verdict.policy;
    expect(ask(await forged(lax, { policy: { ...lax.issued.verdict.policy, sha256: world.options.policySha256 } }), {}, world)).toBe('policy OTHER_POLICY');
    expect(ask(await forged(lax, { policy: { ...lax.issued.verdict.policy, level: 'STELLA_STRICT' } }), { policySha256: sha256 })).toBe('policy POLICY_MISNAMED');
  });

  test('row 17: the policy is missing', async () => {
    expect(ask(replaced(world, ({ attachments }) => ({ attachments: attachments.filter(({ name }) => name !== 'policy') })))).toBe('policy POLICY_MISSING');
  });

  test('a policy that somebody signed who may not', async () => {
    const own = await makeWorld({ policySigner: PAIRS.gate });
    expect(ask(own.issued.bundle, {}, own)).toBe('policy SIGNATURE_UNVERIFIED');
  });

  test('a policy that had expired at the decision', async () => {
    const document = { ...preset('fast-patch'), expiresAt: '2026-05-01T00:00:00.000Z' };
    const late = await makeWorld({ document });
    expect(ask(late.issued.bundle, {}, late)).toBe('policy POLICY_EXPIRED');
  });

  test('facts of another schema', () => {
    const bundle = replaced(world, ({ attachments }) => ({ attachments: attachments.map((one) => (one.name === 'schema' ? { ...one, value: 'other' } : one)) }));
    expect(ask(bundle)).toBe('policy OTHER_SCHEMA');
  });
});

describe('age', () => {
  test('row 18: older than allowed', () => {
    expect(ask(world.issued.bundle, { maxAgeMs: 59_999 })).toBe('age STALE');
    expect(ask(world.issued.bundle, { maxAgeMs: 60_000 })).toBe('yes');
  });

  test('row 19: from the future, past the skew', () => {
    expect(ask(world.issued.bundle, { now: new Date(DECIDED.getTime() - 300_000) })).toBe('yes');
    expect(ask(world.issued.bundle, { now: new Date(DECIDED.getTime() - 300_001) })).toBe('age FROM_THE_FUTURE');
  });
});

describe('the end of a verdict', () => {
  const end = DECIDED.getTime() + VERDICT_LIMITS.verdictValidMsMax;
  const atEnd = async (change: Partial<Verdict> = {}) => {
    const bundle = Object.keys(change).length === 0 ? world.issued.bundle : await forged(world, change);
    return [end - 1, end].map((ms) => ask(bundle, { now: new Date(ms) }));
  };

  test('row 18: it is too old by itself, whatever age is asked for: lists no longer speak of it', async () => {
    expect(await atEnd()).toEqual(['yes', 'age ENDED']);
  });

  test('a verdict that would last longer than lists remember is none', async () => {
    const later = (ms: number): string => new Date(end + ms).toISOString();
    expect(ask(await forged(world, { validUntil: later(0) }))).toBe('yes');
    for (const validUntil of [later(1), world.issued.verdict.decidedAt]) {
      await expect(forged(world, { validUntil })).rejects.toMatchObject({ reason: 'VERDICT_INVALID', facts: { at: 'validUntil' } });
    }
  });
});

test('what was kept in the format before can be read, and decides nothing', async () => {
  const { validUntil: _, baselineWord: _word, witnessesLeftOut: _left, facts, ...rest } = world.issued.verdict;
  const { candidate_withdrawn: _w, witnesses_left_out: _l, ...known } = facts;
  const predicate = { ...rest, facts: known, format: 'stella-verdict/1' };
  const envelope = await signStatement({ subjects: [{ name: 'app', sha256: CANDIDATE }], predicateType: PREDICATE_TYPES.verdict, predicate }, PAIRS.gate);
  const read = readVerdict(parseStatement(parseEnvelope(envelope).payload));
  expect(read).toMatchObject({ outcome: 'ALLOW', baselineWord: 'runs', facts: { candidate_withdrawn: { value: 'unknown' }, changed_functions: facts.changed_functions } });
  expect(read.validUntil).toBe(new Date(DECIDED.getTime() + VERDICT_LIMITS.verdictValidMsMax).toISOString());
  const bundle = replaced(world, () => ({ verdict: envelope }));
  expect(ask(bundle)).toMatch(/^outcome SUMMARY/);
  expect(() => readVerdict({ subjects: [], predicateType: '', predicate: { format: 'stella-verdict/1' } })).toThrow(expect.objectContaining({ reason: 'VERDICT_INVALID' }));
});

describe('evidence', () => {
  test('row 46: each piece deleted in turn', () => {
    for (const index of world.issued.verdict.evidence.keys()) {
      expect(ask(replaced(world, ({ evidence }) => ({ evidence: evidence.toSpliced(index, 1) })))).toBe('evidence NOT_WHAT_THE_VERDICT_LISTS');
    }
  });

  test('row 46: a refuting statement is deleted, and the verdict signed anew without it', async () => {
    const both = [...(await soundEvidence()), await resultEnvelope('candidate', 'expected-failure', { runsOf: 'again' })];
    const denied = await makeWorld({ envelopes: both });
    expect(denied.issued.verdict.outcome).toBe('DENY');
    const hidden = sha256Hex(both.at(-1) ?? new Uint8Array());
    const { evidence } = parseBundle(denied.issued.bundle);
    const listed = denied.issued.verdict.evidence.filter(({ sha256 }) => sha256 !== hidden);
    const parts = { evidence: evidence.filter(({ envelope }) => sha256Hex(envelope) !== hidden) };
    expect(ask(await forged(denied, { evidence: listed, outcome: 'ALLOW', unmetRules: [] }, parts), {}, denied)).toBe('recomputation DIFFERS');
    expect(ask(await forged(denied, { outcome: 'ALLOW', unmetRules: [] }, parts), {}, denied)).toBe('evidence NOT_WHAT_THE_VERDICT_LISTS');
  });

  test('row 46: one that the verdict does not list', async () => {
    const extra = { envelope: await witnessEnvelope(PAIRS.partner) };
    expect(ask(replaced(world, ({ evidence }) => ({ evidence: [...evidence, extra] })))).toBe('evidence NOT_WHAT_THE_VERDICT_LISTS');
  });

  test('row 24: the log proof of another entry, a log that nobody knows, a larger log', async () => {
    const { evidence } = parseBundle(world.issued.bundle);
    const crossed = evidence.map((item, index) => ({ ...item, ...(index < 2 && evidence[1 - index]?.log && { log: evidence[1 - index]?.log }) }));
    const other = await makeWorld({ items: crossed as typeof evidence, logSize: world.issued.verdict.log.size });
    expect(other.issued.verdict.refused.map(({ problem }) => problem)).toEqual(['LOG_ENTRY_OF_ANOTHER', 'LOG_ENTRY_OF_ANOTHER']);
    expect(other.issued.verdict.outcome).toBe('DENY');
    const small = await makeWorld({ items: evidence, logSize: 3 });
    expect(small.issued.verdict.refused[0]?.problem).toBe('LOG_SIZE');
    const root = await rootOf(KEYS.filter(({ name }) => name !== 'log'));
    expect(ask(world.issued.bundle, { root })).toBe('recomputation DIFFERS');
  });

  test('evidence that is in no log is not allowed', async () => {
    const unlogged = await makeWorld({ items: parseBundle(world.issued.bundle).evidence.map(({ envelope }) => ({ envelope })) });
    expect(unlogged.issued.verdict.unmetRules.map(({ id }) => id)).toEqual(['evidence-logged']);
    expect(ask(unlogged.issued.bundle, {}, unlogged)).toBe('review');
  });

  test('evidence of somebody who may not give any', async () => {
    const envelopes = [...(await soundEvidence()).slice(0, 6), await resultEnvelope('candidate', 'passed', { signer: PAIRS.approver })];
    const wrong = await makeWorld({ envelopes });
    expect(wrong.issued.verdict.refused.map(({ problem }) => problem)).toEqual(['SIGNER_ROLE']);
    expect(wrong.issued.verdict.outcome).toBe('DENY');
  });
});

describe('recomputation: a verdict does not vouch for itself', () => {
  const differs = async (change: Partial<World['issued']['verdict']>): Promise<string> => ask(await forged(world, change));
  const facts = (values: Parameters<typeof withFacts>[1]): Facts => withFacts(world.issued.verdict.facts, values);

  test.each([
    ['fewer changes', { changed_functions: 0 }],
    ['a narrower claim', { claim_breadth_max_ppm: 1 }],
    ['more replays', { replays_min: 59 }],
    ['a better bound', { success_lower_bound_ppm: 999_999 }],
    ['another toolchain', { toolchain: 'patch_claimed' }],
    ['a better baseline', { baseline_basis: 'verdict' }],
    ['partners', { cross_verifications_independent: 3 }],
    ['an unknown one', { coverage_known: 'unknown' }],
  ])('facts that state %s', async (_, values) => {
    expect(await differs({ facts: facts(values) })).toBe('recomputation DIFFERS');
  });

  test('facts that name other evidence', async () => {
    const { facts: stated } = world.issued.verdict;
    expect(await differs({ facts: { ...stated, changed_functions: { ...stated.changed_functions, evidence: [] } } })).toBe('recomputation DIFFERS');
  });

  test('claims, request and unmet rules that are others', async () => {
    const [first, ...rest] = world.issued.verdict.claims;
    if (first === undefined) throw new Error('no claim');
    expect(await differs({ claims: [{ ...first, detail: 'ANOTHER' }, ...rest] })).toBe('recomputation DIFFERS');
    expect(await differs({ claims: rest })).toBe('recomputation REQUEST_ID');
    expect(await differs({ requestId: 'a'.repeat(64) })).toBe('recomputation REQUEST_ID');
    expect(await differs({ unmetRules: [{ id: 'a', reason: 'b', remedy: 'c', bars: 'release' }] })).toBe('recomputation DIFFERS');
    expect(await differs({ unexplainedCount: 1 })).toBe('recomputation DIFFERS');
  });

  test('row 49: trust documents in the bundle are ignored, whatever they say', async () => {
    const world2 = await makeWorld({ bare: true });
    expect(ask(world2.issued.bundle, {}, world2)).toBe('yes');
    const lying = await makeWorld({ issue: { trustCopies: { trustRoot: canonicalize({ url: 'https://example.org/root', keys: [] }) } } });
    expect(ask(lying.issued.bundle, {}, lying)).toBe('yes');
    const foreign = await makeWorld({ keys: [...KEYS, OTHER_TENANT_KEY], signer: PAIRS.otherGate, question: { verifierId: OTHER_VERIFIER } });
    expect(ask(foreign.issued.bundle, {}, world)).toBe('signature SIGNATURE_UNVERIFIED');
  });

  test('a delta that leaves a change out does not fit its indexes', async () => {
    const honest = await deltaEnvelopes();
    const sneaky = await deltaEnvelopes({ next: [...NEW_UNITS, { name: 'main.evil', content: 'evil' }] });
    const [witness, baseline, candidate] = (await soundEvidence()).slice(4);
    const envelopes = [honest.oldIndex, sneaky.newIndex, honest.proof, honest.scope, witness, baseline, candidate].filter((one) => one !== undefined);
    const wrong = await makeWorld({ envelopes });
    expect(wrong.issued.verdict.refused.map(({ problem }) => problem)).toEqual(['PROOF_INDEX_MISMATCH']);
    expect(wrong.issued.verdict.facts.coverage_known.value).toBe('unknown');
    expect(wrong.issued.verdict.outcome).toBe('DENY');
  });

  test('two proofs of one pair: none is preferred', async () => {
    const more = await deltaEnvelopes({ next: [...NEW_UNITS, { name: 'main.more', content: 'more' }] });
    const twice = await makeWorld({ envelopes: [...(await soundEvidence()), more.proof] });
    expect(twice.issued.verdict.refused.map(({ problem }) => problem)).toEqual(['AMBIGUOUS', 'AMBIGUOUS']);
    expect(twice.issued.verdict.outcome).toBe('DENY');
  });

  test('payload digests in the verdict are those of the evidence', async () => {
    const evidence = world.issued.verdict.evidence.map((ref) => ({ ...ref, payloadSha256: 'a'.repeat(64) }));
    expect(await differs({ evidence })).toBe('evidence EVIDENCE_MISNAMED');
    expect(payloadDigest(parseBundle(world.issued.bundle).evidence[0]?.envelope ?? new Uint8Array())).toBe(world.issued.verdict.evidence[0]?.payloadSha256);
  });
});
