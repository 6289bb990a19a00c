import { DomainError } from '@stella/errors';
import { isJsonObject, type JsonObject, type JsonValue } from './json-value.js';

export interface TextRule {
  readonly lengthMax: number;
  readonly pattern?: RegExp;
}

// Control, bidirectional and other invisible characters make a name look like another one.
const INVISIBLE = /[\p{Cc}\p{Cf}\p{Zl}\p{Zp}]/u;

/**
 * Reads the members of one object of a document, each exactly once; `end` refuses the members that nobody read.
 * Every failure is a DomainError `DOCUMENT_SHAPE_INVALID` with `at` (path of the member) and `problem`.
 */
export class ObjectReader {
  private readonly unread: Set<string>;

  private constructor(
    private readonly object: JsonObject,
    private readonly path: string,
  ) {
    this.unread = new Set(Object.keys(object));
  }

  static of(value: JsonValue | undefined, path: string): ObjectReader {
    if (!isJsonObject(value)) return invalid(path, 'object expected');
    return new ObjectReader(value, path);
  }

  has(name: string): boolean {
    return Object.hasOwn(this.object, name);
  }

  value(name: string): JsonValue {
    const value = this.object[name];
    if (value === undefined) return invalid(this.at(name), 'missing');
    this.unread.delete(name);
    return value;
  }

  /** Non-empty visible text. */
  text(name: string, rule: TextRule): string {
    return checkText(this.value(name), this.at(name), rule);
  }

  /** One of a closed set of words. */
  word<const T extends string>(name: string, words: readonly T[]): T {
    const value = this.value(name);
    return words.find((word) => word === value) ?? invalid(this.at(name), `one of ${words.join(', ')} expected`);
  }

  integer(name: string, min: number, max: number = Number.MAX_SAFE_INTEGER): number {
    const value = this.value(name);
    if (typeof value !== 'number' || !Number.isSafeInteger(value)) return invalid(this.at(name), 'integer expected');
    if (value < min || value > max) return invalid(this.at(name), `integer in ${min}…${max} expected`);
    return value;
  }

  /** RFC 3339 in UTC with milliseconds, as `Date.toISOString` writes it: one instant, one text. */
  time(name: string): Date {
    const value = this.value(name);
    const time = new Date(typeof value === 'string' ? value : Number.NaN);
    if (Number.isNaN(time.getTime()) || time.toISOString() !== value) {
      return invalid(this.at(name), 'time as YYYY-MM-DDTHH:MM:SS.sssZ expected');
    }
    return time;
  }

  list<T>(
    name: string,
    count: { readonly min: number; readonly max: number },
    read: (item: JsonValue, path: string) => T,
  ): T[] {
    const value = this.value(name);
    if (!Array.isArray(value)) return invalid(this.at(name), 'array expected');
    const items = value as readonly JsonValue[];
    if (items.length < count.min || items.length > count.max) {
      return invalid(this.at(name), `${count.min}…${count.max} items expected`);
    }
    return items.map((item, index) => read(item, `${this.at(name)}[${index}]`));
  }

  nested(name: string): ObjectReader {
    return ObjectReader.of(this.value(name), this.at(name));
  }

  end(): void {
    const [unknown] = this.unread;
    if (unknown !== undefined) invalid(this.at(unknown.slice(0, 100)), 'unknown member');
  }

  private at(name: string): string {
    return `${this.path}.${name}`;
  }
}

/** @throws DomainError `DOCUMENT_SHAPE_INVALID` */
export function checkText(value: JsonValue, path: string, rule: TextRule): string {
  if (typeof value !== 'string' || value === '') return invalid(path, 'non-empty text expected');
  if (value.length > rule.lengthMax) return invalid(path, `at most ${rule.lengthMax} characters expected`);
  if (INVISIBLE.test(value) || !value.isWellFormed()) return invalid(path, 'invisible character');
  if (rule.pattern && !rule.pattern.test(value)) return invalid(path, 'not of the expected form');
  return value;
}

function invalid(at: string, problem: string): never {
  throw new DomainError('DOCUMENT_SHAPE_INVALID', { at, problem });
}
