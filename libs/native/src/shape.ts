import { DomainError } from '@stella/errors';

/** The member of a frame that names it, as an object. @throws NATIVE_FRAME_BROKEN */
export function objectMember(frame: Record<string, unknown>, name: string): Record<string, unknown> {
  const value = frame[name];
  if (typeof value !== 'object' || value === null || Array.isArray(value)) {
    throw new DomainError('NATIVE_FRAME_BROKEN', { expected: name, found: Object.keys(frame).slice(0, 4).join(',') });
  }
  return value as Record<string, unknown>;
}

/** Our own executable is trusted for the shape inside of a frame: its members are checked by presence and type only. */
export function checkMembers(value: Record<string, unknown>, types: Readonly<Record<string, string>>): void {
  for (const [member, type] of Object.entries(types)) {
    if (typeof value[member] !== type) {
      throw new DomainError('NATIVE_FRAME_BROKEN', { member, expected: type, found: typeof value[member] });
    }
  }
}
