import { resolve } from 'node:path';
import { DomainError } from '@stella/errors';
import { callNative } from './call.js';
import { BlobReader } from './blob-reader.js';
import { isEndFrame, parseFrame } from './frames.js';
import { callOptions, type InputLimits, limitArgs } from './input-limits.js';
import { checkedEnd, checkedHeader } from './lift-shape.js';
import type { IndexEnd, LiftedFunction, LiftedIndex, LiftHeader } from './lift-types.js';
import { checkMembers, objectMember } from './shape.js';

/**
 * Lifts one binary to its index, as it is kept: no unit is looked at on the way.
 * @throws as `lift`; NATIVE_FRAME_BROKEN when a part is missing, comes twice or in another order
 */
export async function liftIndex(path: string, limits: InputLimits = {}): Promise<LiftedIndex> {
  const args = [resolve(path), ...limitArgs(limits)];
  let header: LiftHeader | undefined;
  let end: IndexEnd | undefined;
  const functions: LiftedFunction[] = [];
  const blobs = new BlobReader(['set', 'sides']);
  for await (const frame of callNative('index', args, { ...callOptions(limits), onBlobPart: (bytes) => blobs.part(bytes) })) {
    const value = parseFrame(frame);
    if (header === undefined) header = checkedHeader(value);
    else if (isEndFrame(frame)) end = checkedIndexEnd(value);
    else if (Array.isArray(value.functions)) functions.push(...(value.functions as LiftedFunction[]));
    else blobs.begin(objectMember(value, 'blob'));
  }
  const [set, sides] = blobs.end();
  if (header === undefined || end === undefined || set === undefined || sides === undefined) throw new DomainError('NATIVE_FRAME_BROKEN', { expected: 'lift, set, sides and end' });
  if (functions.length !== end.functions) throw new DomainError('NATIVE_FRAME_BROKEN', { functionsSaid: String(end.functions), functionsFound: String(functions.length) });
  return { header, functions, set, sides, end };
}

function checkedIndexEnd(frame: Record<string, unknown>): IndexEnd {
  const end = checkedEnd(frame);
  checkMembers(end as unknown as Record<string, unknown>, { root: 'string', sums: 'object', unitsByKind: 'object' });
  return end as IndexEnd;
}
