import { cpus, loadavg, release, totalmem } from 'node:os';

/** What figures mean nothing without. */
export function machine() {
  return {
    cpu: cpus()[0]?.model ?? 'unknown',
    cores: cpus().length,
    memoryGiB: Math.round(totalmem() / 2 ** 30),
    kernel: `${process.platform} ${release()}`,
    node: process.version,
  };
}

/** Load averages over 1, 5 and 15 minutes. */
export function load() {
  return loadavg().map((value) => Math.round(value * 100) / 100);
}
