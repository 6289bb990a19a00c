const GOROUTINE = /^goroutine \d{1,20}(?: [a-z]{1,8}=\S{1,64}){0,4} \[([^\],]{1,128})(?:, [^\]]{0,127})?\](?:[^:]{0,64})?:$/;
const PLACE = /^(\t.{1,4096}?:\d{1,9})( \+0x[0-9a-f]{1,16})?(?: [a-z]{2,8}=0x[0-9a-f]{1,16}){0,4}$/;
const CREATED_BY = /^(created by \S{1,4096}) in goroutine \d{1,20}$/;
const ELIDED = /^\.\.\.(?:additional|\d{1,9}) frames elided\.\.\.$/;
const FAILURE = /^(?:panic: |fatal error: |\tpanic: )/;
const RUNTIME_NOTE = /^runtime: |^\[signal SIG/;
/** What `print` writes of a value whose type has no text form: `(type) 0x…` or `(type) (0x…,0x…)`. */
const PRINTED_POINTER = /^\t?panic: \([^()]{1,512}\) \(?0x/;
/** Go's arenas on 64-bit Linux (`runtime.mallocinit`: 0x00c0 << 32). */
const HEAP_ADDRESS = /\b0xc[0-9a-f]{9}\b/g;
/** Below the first page-sized multiple that a program maps, an address is the offset of a member of a nil struct. */
const NIL_OFFSET_DIGITS = 4;

/**
 * Canonicaliser `go-panic/1`: the crash report of a threaded Go program (`runtime.traceback`, Go 1.13 to 1.26).
 *
 * Kept, byte for byte: all that is not part of the report, the failure's message, the failing goroutine's state,
 * functions, files, lines and code offsets. Removed: goroutine ids and waiting times, arguments (the runtime prints
 * raw words, some of them stale), frame, stack and code addresses, how many frames were elided, the system stack, and
 * every other goroutine, a second one that failed meanwhile included.
 */
export function goPanic(stderr: Uint8Array): Uint8Array {
  // Latin-1 maps bytes to characters one to one, so that nothing that is kept can change.
  const lines = Buffer.from(stderr).toString('latin1').split('\n');
  const states = lines.map((line) => stateOf(line));
  if (states.every((found) => found === undefined)) return stderr;
  // Where no goroutine runs (a deadlock), the first one stands for the program.
  const someRuns = states.includes('running');
  const out: string[] = [];
  let state: 'text' | 'failing' | 'skipped' = 'text';
  let reported = false;
  lines.forEach((line, at) => {
    const found = states[at];
    if (found !== undefined) {
      const failing: boolean = !reported && (found === 'running' || !someRuns);
      reported ||= failing;
      state = failing ? 'failing' : 'skipped';
      if (failing) out.push(`goroutine [${found}]:`);
    } else if (line === 'runtime stack:') {
      state = 'skipped';
    } else if (line === '') {
      if (state !== 'skipped') out.push('');
      state = 'text';
    } else if (reported && FAILURE.test(line)) {
      state = 'skipped';
    } else if (state === 'failing') {
      out.push(canonicalFrame(line));
    } else if (state === 'text') {
      out.push(canonicalText(line));
    }
  });
  return Buffer.from(out.join('\n'), 'latin1');
}

function stateOf(line: string): string | undefined {
  return line.startsWith('goroutine ') && line.length <= 512 ? GOROUTINE.exec(line)?.[1] : undefined;
}

function canonicalFrame(line: string): string {
  const place = PLACE.exec(line);
  if (place) return `${place[1]}${place[2] ?? ''}`;
  if (ELIDED.test(line)) return '...frames elided...';
  const createdBy = CREATED_BY.exec(line);
  if (createdBy) return createdBy[1] ?? line;
  const open = argumentsAt(line);
  return open < 0 ? line : `${line.slice(0, open)}(...)`;
}

/** Where the last balanced parentheses of a call open; −1 when the line is no call. */
function argumentsAt(line: string): number {
  if (!line.endsWith(')')) return -1;
  let depth = 0;
  for (let at = line.length - 1; at > 0; at--) {
    if (line[at] === ')') depth++;
    else if (line[at] === '(' && --depth === 0) return at;
  }
  return -1;
}

/** A message may hold any hexadecimal word: only heap addresses and printed pointers go. */
function canonicalText(line: string): string {
  if (RUNTIME_NOTE.test(line) || PRINTED_POINTER.test(line)) return withoutAddresses(line);
  return FAILURE.test(line) ? line.replace(HEAP_ADDRESS, '0x?') : line;
}

function withoutAddresses(line: string): string {
  return line.replace(/\b0x([0-9a-f]{1,16})\b/g, (whole, digits: string) => (digits.length > NIL_OFFSET_DIGITS ? '0x?' : whole));
}
