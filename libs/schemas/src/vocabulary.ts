/** A JSON Schema 2020-12 document or a part of one. */
export type Schema = { readonly [keyword: string]: unknown };

export const SCHEMA_DIALECT = 'https://json-schema.org/draft/2020-12/schema';

export const sha256: Schema = { type: 'string', pattern: '^[0-9a-f]{64}$' };
export const blake3: Schema = { type: 'string', pattern: '^[0-9a-f]{64}$' };

/** Text without control characters. */
export function text(charsMax: number, charsMin = 1): Schema {
  return { type: 'string', minLength: charsMin, maxLength: charsMax, pattern: '^[^\\u0000-\\u001f\\u007f]*$' };
}

export function word(...words: readonly string[]): Schema {
  return { enum: words };
}

export function integer(minimum: number, maximum: number): Schema {
  return { type: 'integer', minimum, maximum };
}

export function list(items: Schema, countMax: number, countMin = 0): Schema {
  return { type: 'array', items, minItems: countMin, maxItems: countMax };
}

/** Every member is required unless it is named as optional; no other is allowed. */
export function object(properties: Readonly<Record<string, Schema>>, ...optional: readonly string[]): Schema {
  const required = Object.keys(properties).filter((name) => !optional.includes(name));
  return { type: 'object', properties, required, additionalProperties: false };
}

export function oneOf(...schemas: readonly Schema[]): Schema {
  return { oneOf: schemas };
}

/** A path below the root that it is relative to: no `.`/`..`, no backslash, no empty part. */
export const relativePath: Schema = {
  type: 'string',
  minLength: 1,
  maxLength: 1024,
  pattern: '^(?!\\.{1,2}(?:/|$))[^/\\\\\\u0000-\\u001f\\u007f]{1,255}(?:/(?!\\.{1,2}(?:/|$))[^/\\\\\\u0000-\\u001f\\u007f]{1,255})*$',
};

/** A whole number beyond 2^53 as decimal text, below 2^64. */
export const decimal64: Schema = { type: 'string', pattern: '^(?:0|[1-9][0-9]{0,19})$' };
