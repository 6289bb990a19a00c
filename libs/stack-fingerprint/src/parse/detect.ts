import type { TraceFormat } from '../model/raw-trace.js';
import { isPrettyHeader } from './esbuild-pretty.js';
import { isGoroutineHeader } from './go-panic.js';

/** Names the format of a trace's lines by what only its printer writes; `unknown` is an answer, not a failure. */
export function detectFormat(lines: readonly string[]): TraceFormat {
  const first = lines.find((line) => line.trim() !== '')?.trimStart() ?? '';
  if (first.startsWith('{') && lines.some((line) => line.includes('"threads"'))) return 'native';
  for (const line of lines) {
    if (isGoroutineHeader(line)) return 'go-panic';
    if (isPrettyHeader(line)) return 'esbuild-pretty';
  }
  return 'unknown';
}
