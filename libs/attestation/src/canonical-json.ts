import { DomainError } from '@stella/errors';
import { JSON_DEPTH_MAX } from './json-value.js';

/**
 * Encodes a value as canonical JSON (RFC 8785): members sorted by UTF-16 code units, ECMAScript number form, UTF-8.
 * Takes finite numbers of any kind; documents that will be signed are narrower (see `parseStrictJson`).
 * @throws DomainError `JSON_NOT_ENCODABLE` with `path` for undefined, bigint, functions, symbols, class instances,
 *   non-finite numbers, lone surrogates and more than 64 levels (which includes cycles)
 */
export function canonicalize(value: unknown): Uint8Array {
  return Buffer.from(encode(value, '$', 0), 'utf8');
}

function encode(value: unknown, path: string, depth: number): string {
  switch (typeof value) {
    case 'boolean':
      return String(value);
    case 'string':
      return encodeString(value, path);
    case 'number':
      if (!Number.isFinite(value)) return refuse('number not finite', path);
      return String(Object.is(value, -0) ? 0 : value);
    case 'object':
      if (value === null) return 'null';
      if (depth === JSON_DEPTH_MAX) return refuse('nested too deeply', path);
      return Array.isArray(value) ? encodeArray(value, path, depth + 1) : encodeObject(value, path, depth + 1);
    default:
      return refuse(`type ${typeof value}`, path);
  }
}

function encodeArray(items: readonly unknown[], path: string, depth: number): string {
  // Array.from visits holes too, so that a sparse array is refused and not shortened.
  return `[${Array.from(items, (item, index) => encode(item, `${path}[${index}]`, depth)).join(',')}]`;
}

function encodeObject(value: object, path: string, depth: number): string {
  const prototype: unknown = Object.getPrototypeOf(value);
  if (prototype !== null && Object.getPrototypeOf(prototype) !== null) return refuse('class instance', path);
  const members = value as Readonly<Record<string, unknown>>;
  const encoded = Object.keys(members)
    .sort(byCodeUnits)
    .map((name) => `${encodeString(name, path)}:${encode(members[name], `${path}.${name}`, depth)}`);
  return `{${encoded.join(',')}}`;
}

function encodeString(value: string, path: string): string {
  if (!value.isWellFormed()) return refuse('lone surrogate', path);
  return JSON.stringify(value);
}

function byCodeUnits(a: string, b: string): number {
  return a < b ? -1 : 1;
}

function refuse(problem: string, path: string): never {
  throw new DomainError('JSON_NOT_ENCODABLE', { problem, path: path.slice(0, 200) });
}
