import { blake3, integer, list, object, oneOf, SCHEMA_DIALECT, sha256, text, word, type Schema } from '../vocabulary.js';
import { canonicaliserSchema } from './micro-witness.js';

export const VERIFY_RESULT_SCHEMA_ID = 'https://stella-ops.org/schema/verify-result/v1';

const cap = word('wall', 'cpu', 'memory', 'output', 'pids', 'disk');
const PPM = 1_000_000;

const run = object({
  runId: { type: 'string', pattern: '^[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}$' },
  observation: word('expected-failure', 'passed', 'no-failure', 'other-failure', 'not-run'),
  rawSha256: oneOf({ type: 'null' }, sha256),
  canonicalSha256: oneOf({ type: 'null' }, sha256),
  capHit: oneOf({ type: 'null' }, cap),
});

/** Predicate of a verify result statement: N replays of a witness on an artifact. */
export const verifyResultSchema: Schema = {
  $schema: SCHEMA_DIALECT,
  $id: VERIFY_RESULT_SCHEMA_ID,
  title: 'Verify result',
  ...object({
    schemaVersion: { const: 1 },
    tenant: text(128),
    witnessId: blake3,
    artifactSha256: sha256,
    cacheKey: sha256,
    outcome: word('reproduced', 'fixed', 'not-reproduced', 'different-failure', 'flaky', 'infrastructure'),
    replaysRequested: integer(1, 1_000),
    replays: integer(0, 1_000),
    successes: integer(0, 1_000),
    successLowerBoundPpm: integer(0, PPM),
    canonicalVariance: integer(0, 999),
    rawVariance: integer(0, 999),
    canonicaliser: canonicaliserSchema,
    determinism: word('none', 'D0', 'D1', 'D2'),
    isolation: word('I0', 'I1', 'I2'),
    pins: list(object({ name: text(64), state: word('pinned', 'not-pinned'), reason: text(256, 0) }), 64),
    capHits: list(object({ cap, runs: integer(1, 1_000) }), 6),
    runnerSha256: sha256,
    kernel: text(256),
    cpuModelClass: text(256),
    runs: list(run, 2_000, 1),
  }),
};
