import { isJsonObject, type JsonObject, type JsonValue } from '@stella/attestation';
import { FACT_NAMES } from '@stella/policy';
import { LIMITS } from '../limits.js';
import { VERDICT_FORMAT } from './verdict.js';

const EARLIER = 'stella-verdict/1';
const UNKNOWN = { value: 'unknown', evidence: [] };

/**
 * A predicate of the format before this one in today's members, so that what was kept can be read; any other as it is.
 * What nobody asked then is unknown, and it ends when a verdict ends at the latest. Its policy is of another set of facts,
 * so that nothing is decided by it again.
 */
export function inToday(predicate: JsonObject): JsonObject {
  if (predicate['format'] !== EARLIER) return predicate;
  const { decidedAt, baselineBasis, facts } = predicate;
  return {
    ...predicate,
    format: VERDICT_FORMAT,
    validUntil: endOf(decidedAt),
    baselineWord: baselineBasis === 'runs' ? 'runs' : 'nobody',
    witnessesLeftOut: 0,
    facts: isJsonObject(facts) ? { ...Object.fromEntries(FACT_NAMES.map((name) => [name, UNKNOWN])), ...facts } : (facts ?? null),
  };
}

function endOf(decidedAt: JsonValue | undefined): JsonValue {
  const ms = typeof decidedAt === 'string' ? Date.parse(decidedAt) : Number.NaN;
  return Number.isNaN(ms) ? null : new Date(ms + LIMITS.verdictValidMsMax).toISOString();
}
