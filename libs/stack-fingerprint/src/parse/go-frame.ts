import type { RawFrame } from '../model/raw-trace.js';

const LOCATION = /^(.{1,4096}):(\d{1,9})(?: [+ =?0-9a-zA-Z]{0,256})?$/;
const IN_GOROUTINE = / in goroutine \d{1,20}$/;

/** The function of a printed call, without its arguments; absent when the line is no call. */
export function goCallee(line: string): string | undefined {
  if (!line.endsWith(')')) return undefined;
  let depth = 0;
  for (let at = line.length - 1; at >= 0; at--) {
    const char = line[at];
    if (char === ')') depth++;
    else if (char === '(' && --depth === 0) return at > 0 ? line.slice(0, at) : undefined;
  }
  return undefined;
}

/** One goroutine frame: the line that names the call, and the indented one that names its place. */
export function goFrame(call: string, place: string | undefined): RawFrame | undefined {
  const createdBy = call.startsWith('created by ');
  const callee = createdBy ? call.slice('created by '.length).replace(IN_GOROUTINE, '') : goCallee(call);
  if (callee === undefined || callee === '' || /\s/.test(callee)) return undefined;
  const location = place?.startsWith('\t') ? LOCATION.exec(place.slice(1)) : null;
  return {
    raw: location ? `${callee} ${location[1]}:${location[2]}` : callee,
    function: callee,
    ...(location && { file: location[1], line: Number(location[2]) }),
    trust: 'printed',
    role: createdBy ? 'created-by' : 'call',
  };
}
