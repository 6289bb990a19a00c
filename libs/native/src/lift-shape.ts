import type { LiftEnd, LiftHeader } from './lift-types.js';
import { checkMembers, objectMember } from './shape.js';

const HEADER_TYPES = { format: 'string', arch: 'string', ruleset: 'string', sizeBytes: 'number', toolchain: 'object', stripped: 'boolean' };
const END_TYPES = { units: 'number', functions: 'number', bytesLoaded: 'number', bytesCovered: 'number', bytesResidual: 'number' };

/** @throws NATIVE_FRAME_BROKEN */
export const checkedHeader = (frame: Record<string, unknown>): LiftHeader => checked<LiftHeader>(frame, 'lift', HEADER_TYPES);

/** @throws NATIVE_FRAME_BROKEN */
export const checkedEnd = (frame: Record<string, unknown>): LiftEnd => checked<LiftEnd>(frame, 'end', END_TYPES);

function checked<T>(frame: Record<string, unknown>, member: string, types: Readonly<Record<string, string>>): T {
  const value = objectMember(frame, member);
  checkMembers(value, types);
  return value as T;
}
