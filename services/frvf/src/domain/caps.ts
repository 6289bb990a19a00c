import { DomainError } from '@stella/errors';
import type { ResourceCaps } from '@stella/witness';

/** Address space of a Go program is reserved generously: 512 MiB resident is not enough for a stack overflow of 1 GB. */
const DEFAULTS: ResourceCaps = {
  cpuMs: 10_000,
  wallMs: 20_000,
  memoryBytes: 2 * 2 ** 30,
  pids: 64,
  diskBytes: 64 << 20,
  outputBytes: 1 << 20,
  openFiles: 256,
};

/** What the capsule takes. */
const BOUNDS: Readonly<Record<keyof ResourceCaps, readonly [min: number, max: number]>> = {
  cpuMs: [1, 600_000],
  wallMs: [1, 600_000],
  memoryBytes: [4 << 20, 8 * 2 ** 30],
  pids: [1, 1_024],
  diskBytes: [4_096, 4 * 2 ** 30],
  outputBytes: [1, 16 << 20],
  openFiles: [8, 4_096],
};

/** Caps with the defaults in place of what is 0 or absent. @throws DomainError CAPS_INVALID */
export function resolveCaps(asked: Partial<ResourceCaps> = {}): ResourceCaps {
  const caps: { -readonly [name in keyof ResourceCaps]: number } = { ...DEFAULTS };
  for (const name of Object.keys(DEFAULTS) as (keyof ResourceCaps)[]) {
    const value = asked[name] || DEFAULTS[name];
    const [min, max] = BOUNDS[name];
    if (value < min || value > max) throw new DomainError('CAPS_INVALID', { cap: name, value: String(value), min: String(min), max: String(max) });
    caps[name] = value;
  }
  return caps;
}
