import { DomainError } from '@stella/errors';
import { Ajv2020, type ErrorObject, type ValidateFunction } from 'ajv/dist/2020.js';
import { MICRO_WITNESS_SCHEMA_ID, microWitnessSchema } from './schemas/micro-witness.js';
import { PACK_MANIFEST_SCHEMA_ID, packManifestSchema } from './schemas/pack-manifest.js';
import { VERIFY_RESULT_SCHEMA_ID, verifyResultSchema } from './schemas/verify-result.js';
import type { Schema } from './vocabulary.js';

/** Every published schema by its id. */
export const SCHEMAS: ReadonlyMap<string, Schema> = new Map([
  [PACK_MANIFEST_SCHEMA_ID, packManifestSchema],
  [MICRO_WITNESS_SCHEMA_ID, microWitnessSchema],
  [VERIFY_RESULT_SCHEMA_ID, verifyResultSchema],
]);

export const SCHEMA_IDS: readonly string[] = [...SCHEMAS.keys()];

const POINTER_CHARS_MAX = 512;
const compiled = new Map<string, ValidateFunction>();
// `strictRequired` refuses the conditional parts of a schema whose members stand in its unconditional part.
const ajv = new Ajv2020({ strict: true, strictRequired: false, allErrors: false, ownProperties: true });

/**
 * Checks a value against a published schema (JSON Schema 2020-12). Nothing is coerced, defaulted or removed.
 *
 * @throws DomainError SCHEMA_INVALID with `schema`, `pointer` (RFC 6901) and `problem` of the first wrong member;
 *   SCHEMA_UNKNOWN
 */
export function validate(schemaId: string, value: unknown): void {
  const check = validator(schemaId);
  if (check(value)) return;
  const error = deepest(check.errors ?? []);
  throw new DomainError('SCHEMA_INVALID', {
    schema: schemaId,
    pointer: pointerOf(error).slice(0, POINTER_CHARS_MAX),
    problem: error?.message ?? 'does not match',
  });
}

function validator(schemaId: string): ValidateFunction {
  const known = compiled.get(schemaId);
  if (known) return known;
  const schema = SCHEMAS.get(schemaId);
  if (!schema) throw new DomainError('SCHEMA_UNKNOWN', { schema: schemaId.slice(0, POINTER_CHARS_MAX) });
  const check = ajv.compile(schema);
  compiled.set(schemaId, check);
  return check;
}

/** Of the alternatives that all failed, the one that got furthest is what the author meant. */
function deepest(errors: readonly ErrorObject[]): ErrorObject | undefined {
  const depth = (error: ErrorObject): number => error.instancePath.split('/').length;
  return errors.reduce<ErrorObject | undefined>((best, error) => (best && depth(best) >= depth(error) ? best : error), undefined);
}

function pointerOf(error: ErrorObject | undefined): string {
  if (!error) return '/';
  const { missingProperty, additionalProperty } = error.params as Readonly<Record<string, string | undefined>>;
  const member = missingProperty ?? additionalProperty;
  const tail = member === undefined ? '' : `/${member.replaceAll('~', '~0').replaceAll('/', '~1')}`;
  return `${error.instancePath}${tail}` || '/';
}
