import { DomainError } from '@stella/errors';
import { JSON_DEPTH_MAX } from './json-value.js';

/**
 * Encodes a value as canonical JSON (RFC 8785): members sorted by UTF-16 code units, ECMAScript number form, UTF-8.
 * Takes finite numbers of any kind; documents that will be signed are narrower (see `parseStrictJson`).
 * @throws DomainError `JSON_NOT_ENCODABLE` with `path` for undefined, bigint, functions, symbols, class instances,
 *   non-finite numbers, lone surrogates and more than 64 levels (which includes cycles)
 */
export function canonicalize(value: unknown): Uint8Array {
  return Buffer.from(encode(value, []), 'utf8');
}

/** Where the encoder is: names and indexes from the root. */
type Path = (string | number)[];

function encode(value: unknown, path: Path): string {
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
      if (path.length === JSON_DEPTH_MAX) return refuse('nested too deeply', path);
      return Array.isArray(value) ? encodeArray(value, path) : encodeObject(value, path);
    default:
      return refuse(`type ${typeof value}`, path);
  }
}

function encodeArray(items: readonly unknown[], path: Path): string {
  // Array.from visits holes too, so that a sparse array is refused and not shortened.
  return `[${Array.from(items, (item, index) => encodeAt(index, item, path)).join(',')}]`;
}

function encodeObject(value: object, path: Path): string {
  const prototype: unknown = Object.getPrototypeOf(value);
  if (prototype !== null && Object.getPrototypeOf(prototype) !== null) return refuse('class instance', path);
  const members = value as Readonly<Record<string, unknown>>;
  const encoded = Object.keys(members)
    .sort()
    .map((name) => `${encodeString(name, path)}:${encodeAt(name, members[name], path)}`);
  return `{${encoded.join(',')}}`;
}

function encodeAt(step: string | number, value: unknown, path: Path): string {
  path.push(step);
  const encoded = encode(value, path);
  path.pop();
  return encoded;
}

function encodeString(value: string, path: Path): string {
  if (!value.isWellFormed()) return refuse('lone surrogate', path);
  return JSON.stringify(value);
}

function refuse(problem: string, path: Path): never {
  const text = path.map((step) => (typeof step === 'number' ? `[${step}]` : `.${step}`)).join('');
  throw new DomainError('JSON_NOT_ENCODABLE', { problem, path: `$${text}`.slice(0, 200) });
}
