import { limits } from '../limits.js';
import type { RawFrame, RawThread, RawTrace } from '../model/raw-trace.js';
import { goPanic } from './go-failure.js';

const HEADER = /^(?:✘|X) \[ERROR\] panic: /;
const CONTEXT = / \(while [a-z]{1,32} "[^"]{0,4096}"\)$/;

export function isPrettyHeader(line: string): boolean {
  return line.length <= limits.lineCharsMax && HEADER.test(line);
}

/**
 * Parses the stack that esbuild prints of a panic that it recovered: a header, then indented `function (file:line)`
 * lines, files relative to the module (esbuild, `internal/helpers/stack.go`). Each message is one thread.
 */
export function parseEsbuildPretty(lines: readonly string[]): RawTrace {
  const threads: { label: string; frames: RawFrame[]; truncated: boolean }[] = [];
  let message: string | undefined;
  let open: (typeof threads)[number] | undefined;
  for (const line of lines) {
    if (isPrettyHeader(line)) {
      const text = line.replace(HEADER, '').replace(CONTEXT, '').slice(0, limits.messageCharsMax);
      message ??= text;
      open = { label: `error ${threads.length + 1}`, frames: [], truncated: false };
      if (threads.length < limits.threadsMax) threads.push(open);
    } else if (open) {
      const frame = prettyFrame(line);
      if (frame) {
        if (open.frames.length < limits.rawFramesMax) open.frames.push(frame);
        else open.truncated = true;
      } else if (open.frames.length > 0) {
        open = undefined;
      }
    }
  }
  return {
    format: 'esbuild-pretty',
    language: 'go',
    failure: goPanic(message ?? ''),
    threads: threads.map((thread, index): RawThread => ({ ...thread, crashed: index === 0 })),
  };
}

function prettyFrame(line: string): RawFrame | undefined {
  if (!line.startsWith('  ') || !line.endsWith(')') || line.length > limits.lineCharsMax) return undefined;
  const text = line.trim();
  const split = text.lastIndexOf(' (');
  const colon = text.lastIndexOf(':');
  if (split <= 0 || colon < split) return undefined;
  const callee = text.slice(0, split);
  const lineNumber = text.slice(colon + 1, -1);
  if (/\s/.test(callee) || !/^\d{1,9}$/.test(lineNumber)) return undefined;
  return {
    raw: text,
    function: callee,
    file: text.slice(split + 2, colon),
    line: Number(lineNumber),
    trust: 'printed',
    role: 'call',
  };
}
