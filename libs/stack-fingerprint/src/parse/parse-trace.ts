import { DomainError } from '@stella/errors';
import type { RawTrace } from '../model/raw-trace.js';
import { detectFormat } from './detect.js';
import { parseEsbuildPretty } from './esbuild-pretty.js';
import { parseGoPanic } from './go-panic.js';
import { toLines } from './lines.js';
import { parseNative } from './native.js';

/**
 * Parses a trace's text in time linear in its size. Text of no known format, or of a known one without a single
 * frame, is kept as lines.
 *
 * @throws DomainError STACK_EMPTY, STACK_TOO_LARGE, STACK_MALFORMED
 */
export function parseTrace(text: string): RawTrace {
  const lines = toLines(text);
  const format = detectFormat(lines);
  const trace = parseAs(format, text, lines);
  if (format === 'native' || trace.threads.some((thread) => thread.crashed && thread.frames.length > 0)) return trace;
  return { ...trace, format: 'unknown', language: 'unknown', threads: [], lines };
}

function parseAs(format: RawTrace['format'], text: string, lines: readonly string[]): RawTrace {
  switch (format) {
    case 'go-panic':
      return parseGoPanic(lines);
    case 'esbuild-pretty':
      return parseEsbuildPretty(lines);
    case 'native':
      return parseNative(parseJson(text));
    case 'unknown':
      return { format, language: 'unknown', failure: { kind: 'unknown', message: '' }, threads: [], lines };
  }
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch (cause) {
    throw new DomainError('STACK_MALFORMED', { at: '/', expected: 'one JSON object' }, { cause });
  }
}
