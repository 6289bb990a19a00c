/**
 * Name patterns of claims. `*` stands for any run without `/` and `.`, so it stays inside one segment of a path or of a
 * qualified name; `**` stands for any run. The star of a Go pointer receiver, as in `(*parser)`, is itself.
 */
export interface Pattern {
  readonly text: string;
  /** It has no wildcard: it names one thing. */
  readonly exact: boolean;
  matches(name: string): boolean;
}

type Token = { readonly literal: string } | 'segment' | 'any';

const POINTER_RECEIVER = /^\(\*[^*()]+\)/;

function tokens(pattern: string): readonly Token[] {
  const found: Token[] = [];
  let literal = '';
  const flush = (): void => {
    if (literal !== '') found.push({ literal });
    literal = '';
  };
  for (let at = 0; at < pattern.length; ) {
    const receiver = POINTER_RECEIVER.exec(pattern.slice(at));
    if (receiver !== null) {
      literal += receiver[0];
      at += receiver[0].length;
    } else if (pattern.startsWith('**', at)) {
      flush();
      found.push('any');
      at += 2;
    } else if (pattern[at] === '*') {
      flush();
      found.push('segment');
      at += 1;
    } else {
      literal += pattern[at] ?? '';
      at += 1;
    }
  }
  flush();
  return found;
}

/** Sets of reachable positions, token by token: no backtracking, so time is O(tokens · name length). */
function reaches(name: string, pattern: readonly Token[]): boolean {
  let reached = new Set<number>([0]);
  for (const token of pattern) {
    const next = new Set<number>();
    for (const start of reached) {
      if (typeof token === 'object') {
        if (name.startsWith(token.literal, start)) next.add(start + token.literal.length);
        continue;
      }
      for (let end = start; end <= name.length && !next.has(end); end += 1) {
        next.add(end);
        if (token === 'segment' && (name[end] === '/' || name[end] === '.')) break;
      }
    }
    if (next.size === 0) return false;
    reached = next;
  }
  return reached.has(name.length);
}

export function compilePattern(text: string): Pattern {
  const parts = tokens(text);
  const exact = parts.every((part) => typeof part === 'object');
  const first = parts[0];
  const prefix = typeof first === 'object' ? first.literal : '';
  return {
    text,
    exact,
    matches: exact ? (name) => name === text : (name) => name.startsWith(prefix) && reaches(name, parts),
  };
}
