import { setImmediate } from 'node:timers/promises';

/** Between two long computations: what other callers wait for comes first. */
export async function breathe(): Promise<void> {
  await setImmediate();
}
