import { DomainError } from '@stella/errors';
import { JSON_DEPTH_MAX } from './json-value.js';

/**
 * Encodes a value as canonical JSON (RFC 8785): members sorted by UTF-16 code units, ECMAScript number form, UTF-8.
 * Takes finite numbers of any kind; documents that will be signed are narrower (see `parseStrictJson`).
 * @throws DomainError `JSON_NOT_ENCODABLE` with `path` for undefined, bigint, functions, symbols, class instances,
 *   non-finite numbers, lone surrogates and more than 64 levels (which includes cycles)
 */
export function canonicalize(value: unknown): Uint8Array {
  return Buffer.from(asItIs(value, 0) ? JSON.stringify(value) : encode(value, []), 'utf8');
}

/**
 * Whether the engine's own encoder gives the canonical form, which it does many times as fast: all members are in order
 * already, as in whatever was parsed from canonical JSON, and nothing is to be refused.
 */
function asItIs(value: unknown, depth: number): boolean {
  switch (typeof value) {
    case 'boolean':
      return true;
    case 'string':
      return value.isWellFormed();
    case 'number':
      return Number.isFinite(value);
    case 'object':
      if (value === null) return true;
      if (depth === JSON_DEPTH_MAX || 'toJSON' in value) return false;
      return Array.isArray(value) ? itemsAsTheyAre(value, depth) : membersAsTheyAre(value, depth);
    default:
      return false;
  }
}

function itemsAsTheyAre(items: readonly unknown[], depth: number): boolean {
  // A hole is undefined, which is not encodable.
  for (let at = 0; at < items.length; at++) if (!asItIs(items[at], depth + 1)) return false;
  return true;
}

function membersAsTheyAre(value: object, depth: number): boolean {
  if (isClassInstance(value)) return false;
  const members = value as Readonly<Record<string, unknown>>;
  let before = '';
  let isFirst = true;
  for (const name of Object.keys(members)) {
    if (!isFirst && name <= before) return false;
    if (!name.isWellFormed() || !asItIs(members[name], depth + 1)) return false;
    before = name;
    isFirst = false;
  }
  return true;
}

function isClassInstance(value: object): boolean {
  const prototype: unknown = Object.getPrototypeOf(value);
  return prototype !== null && Object.getPrototypeOf(prototype) !== null;
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
  if (isClassInstance(value)) return refuse('class instance', path);
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
