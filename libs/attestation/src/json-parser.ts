import { DomainError } from '@stella/errors';
import { JSON_DEPTH_MAX, type JsonObject, type JsonValue } from './json-value.js';

const QUOTE = 0x22;
const BACKSLASH = 0x5c;
const MINUS = 0x2d;
const ZERO = 0x30;
const ESCAPES: Readonly<Record<string, string>> = {
  '"': '"',
  '\\': '\\',
  '/': '/',
  b: '\b',
  f: '\f',
  n: '\n',
  r: '\r',
  t: '\t',
};

/**
 * Two names with the same result differ in letter case at most. Upper case comes last because lower case depends on
 * the position (final sigma), and twice because a capital sharp s only expands on the second pass.
 */
export function foldCase(name: string): string {
  return name.toUpperCase().toLowerCase().toUpperCase();
}

/** Recursive descent over decoded text; see `parseStrictJson` for the rules. */
export class JsonParser {
  private at = 0;
  private depth = 0;
  /** Documents repeat few names many times. */
  private readonly folded = new Map<string, string>();

  constructor(private readonly text: string) {}

  document(): JsonValue {
    this.skipSpace();
    const value = this.value();
    this.skipSpace();
    if (this.at < this.text.length) this.fail('data after the value');
    return value;
  }

  private value(): JsonValue {
    switch (this.text[this.at]) {
      case '{':
        return this.nested(() => this.object());
      case '[':
        return this.nested(() => this.array());
      case '"':
        return this.string();
      case 't':
        return this.literal('true', true);
      case 'f':
        return this.literal('false', false);
      case 'n':
        return this.literal('null', null);
      case undefined:
        return this.fail('unexpected end');
      default:
        return this.integer();
    }
  }

  private nested<T>(parse: () => T): T {
    this.depth += 1;
    if (this.depth > JSON_DEPTH_MAX) this.fail('nested too deeply');
    this.at += 1;
    const result = parse();
    this.depth -= 1;
    return result;
  }

  private object(): JsonObject {
    const members = Object.create(null) as Record<string, JsonValue>;
    const seen = new Set<string>();
    this.skipSpace();
    if (this.take('}')) return members;
    for (;;) {
      this.skipSpace();
      const start = this.at;
      if (this.text[start] !== '"') this.fail('member name expected');
      const name = this.string();
      const folded = this.fold(name);
      if (seen.has(folded)) this.fail('member name repeated, or equal to another but for case', start);
      if (name === '__proto__') this.fail('member name not allowed', start);
      seen.add(folded);
      this.skipSpace();
      if (!this.take(':')) this.fail('":" expected');
      this.skipSpace();
      members[name] = this.value();
      this.skipSpace();
      if (this.take('}')) return members;
      if (!this.take(',')) this.fail('"," or "}" expected');
    }
  }

  private fold(name: string): string {
    let folded = this.folded.get(name);
    if (folded === undefined) {
      folded = foldCase(name);
      this.folded.set(name, folded);
    }
    return folded;
  }

  private array(): JsonValue[] {
    const items: JsonValue[] = [];
    this.skipSpace();
    if (this.take(']')) return items;
    for (;;) {
      this.skipSpace();
      items.push(this.value());
      this.skipSpace();
      if (this.take(']')) return items;
      if (!this.take(',')) this.fail('"," or "]" expected');
    }
  }

  private string(): string {
    const start = this.at;
    this.at += 1;
    let result = '';
    let chunk = this.at;
    for (;;) {
      const code = this.text.charCodeAt(this.at);
      if (code === QUOTE) break;
      if (code === BACKSLASH) {
        result += this.text.slice(chunk, this.at) + this.escape();
        chunk = this.at;
      } else if (code >= 0x20) {
        this.at += 1;
      } else {
        this.fail(Number.isNaN(code) ? 'unexpected end' : 'control character in a string');
      }
    }
    result += this.text.slice(chunk, this.at);
    this.at += 1;
    if (!result.isWellFormed()) this.fail('lone surrogate', start);
    return result;
  }

  private escape(): string {
    const letter = this.text.charAt(this.at + 1);
    if (letter === 'u') {
      const hex = this.text.slice(this.at + 2, this.at + 6);
      if (!/^[0-9a-fA-F]{4}$/.test(hex)) this.fail('bad escape');
      this.at += 6;
      return String.fromCharCode(Number.parseInt(hex, 16));
    }
    const character = ESCAPES[letter];
    if (character === undefined) return this.fail('bad escape');
    this.at += 2;
    return character;
  }

  private integer(): number {
    const start = this.at;
    const isNegative = this.text.charCodeAt(start) === MINUS;
    const first = isNegative ? start + 1 : start;
    let at = first;
    let value = 0;
    for (let digit = this.digitAt(at); digit !== undefined; digit = this.digitAt(at)) {
      // A zero stands alone; what follows it is no part of the number.
      if (at > first && value === 0) break;
      value = value * 10 + digit;
      at += 1;
    }
    if (at === first) return this.fail('value expected');
    const after = this.text[at];
    if (after === '.' || after === 'e' || after === 'E') this.fail('fraction or exponent');
    if (value > Number.MAX_SAFE_INTEGER) this.fail('number too large');
    if (isNegative && value === 0) this.fail('negative zero');
    this.at = at;
    return isNegative ? -value : value;
  }

  private digitAt(at: number): number | undefined {
    const digit = this.text.charCodeAt(at) - ZERO;
    return digit >= 0 && digit <= 9 ? digit : undefined;
  }

  private literal<T>(word: string, value: T): T {
    if (!this.text.startsWith(word, this.at)) this.fail('value expected');
    this.at += word.length;
    return value;
  }

  private skipSpace(): void {
    for (;;) {
      const code = this.text.charCodeAt(this.at);
      if (code !== 0x20 && code !== 0x0a && code !== 0x0d && code !== 0x09) return;
      this.at += 1;
    }
  }

  private take(character: string): boolean {
    if (this.text[this.at] !== character) return false;
    this.at += 1;
    return true;
  }

  private fail(problem: string, at = this.at): never {
    const positionBytes = Buffer.byteLength(this.text.slice(0, at));
    throw new DomainError('JSON_MALFORMED', { problem, positionBytes: String(positionBytes) });
  }
}
