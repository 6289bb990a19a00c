import { limits } from '../limits.js';
import type { RawFailure, RawFrame, RawThread, RawTrace } from '../model/raw-trace.js';
import { goFatal, goPanic } from './go-failure.js';
import { goFrame } from './go-frame.js';

const HEADER = /^goroutine (\d{1,20})(?: [a-z]{1,8}=\S{1,64}){0,4} \[([^\]]{1,256})\](?:[^:]{0,64})?:$/;
const ELIDED = /^\.\.\.(?:additional|\d{1,9}) frames elided\.\.\.$/;
const SIGNAL = /^\[signal (SIG[A-Z0-9]{1,12})/;
const RECOVERED = / \[recovered(?:, repanicked)?\]$/;

export function isGoroutineHeader(line: string): boolean {
  return line.length <= limits.lineCharsMax && (line === 'runtime stack:' || HEADER.test(line));
}

/**
 * Parses what the Go runtime prints when a program dies (`runtime.printpanics`, `runtime.traceback`).
 * The failing goroutine is the first that is running, else the first printed; the system stack never is.
 */
export function parseGoPanic(lines: readonly string[]): RawTrace {
  const blocks: MutableThread[] = [];
  let open: MutableThread | undefined;
  for (let at = 0; at < lines.length; at++) {
    const line = lines[at] ?? '';
    if (isGoroutineHeader(line)) {
      open = blocks.length < limits.threadsMax ? startThread(line) : undefined;
      if (open) blocks.push(open);
    } else if (line === '' || line.length > limits.lineCharsMax) {
      open = undefined;
    } else if (open) {
      at += readFrame(open, line, lines[at + 1]);
    }
  }
  const running = blocks.findIndex((block) => block.state.startsWith('running'));
  const goroutine = running >= 0 ? running : blocks.findIndex((block) => block.state !== 'system');
  const threads: RawThread[] = blocks.map((block, index) => ({
    label: block.label,
    crashed: index === goroutine,
    frames: block.frames,
    truncated: block.truncated,
  }));
  return { format: 'go-panic', language: 'go', failure: readFailure(lines), threads };
}

interface MutableThread {
  label: string;
  state: string;
  frames: RawFrame[];
  truncated: boolean;
}

function startThread(line: string): MutableThread {
  const header = HEADER.exec(line);
  return header
    ? { label: `goroutine ${header[1]}`, state: header[2] ?? '', frames: [], truncated: false }
    : { label: 'runtime stack', state: 'system', frames: [], truncated: false };
}

/** Returns how many lines beyond the first were used. */
function readFrame(thread: MutableThread, line: string, next: string | undefined): number {
  if (ELIDED.test(line)) {
    thread.truncated = true;
    return 0;
  }
  const place = next !== undefined && next.length <= limits.lineCharsMax ? next : undefined;
  const frame = goFrame(line, place);
  if (!frame) return 0;
  if (thread.frames.length < limits.rawFramesMax) thread.frames.push(frame);
  else thread.truncated = true;
  return frame.file === undefined ? 0 : 1;
}

/** The first cause: later panics of the same goroutine happened while this one was handled. */
function readFailure(lines: readonly string[]): RawFailure {
  const signal = lines.map((line) => SIGNAL.exec(line)?.[1]).find((name) => name !== undefined);
  for (let at = 0; at < lines.length; at++) {
    const line = lines[at] ?? '';
    if (line.startsWith('panic: ')) return goPanic(message(lines, at, 'panic: '), signal);
    if (line.startsWith('fatal error: ')) return goFatal(message(lines, at, 'fatal error: '), signal);
    if (isGoroutineHeader(line)) break;
  }
  return { kind: 'unknown', message: '', ...(signal !== undefined && { signal }) };
}

/** A message may span lines; it ends before a blank line, a nested panic, a signal or a goroutine. */
function message(lines: readonly string[], start: number, prefix: string): string {
  let text = (lines[start] ?? '').slice(prefix.length, prefix.length + limits.messageCharsMax);
  for (let at = start + 1; at < lines.length && text.length < limits.messageCharsMax; at++) {
    const line = lines[at] ?? '';
    if (line === '' || line.startsWith('\tpanic: ') || SIGNAL.test(line) || isGoroutineHeader(line)) break;
    text += `\n${line.slice(0, limits.messageCharsMax)}`;
  }
  return text.replace(RECOVERED, '').slice(0, limits.messageCharsMax);
}
