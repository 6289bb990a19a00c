import { readFileSync } from 'node:fs';
import { identify, withDescendants } from './process-identity.mjs';

const KIB = 1024;

/**
 * Memory of a process and all that descend from it. Shared pages are divided among those who share them
 * (`Pss` of /proc/<pid>/smaps_rollup). @param {number} pid
 */
export function residentBytes(pid) {
  const identity = identify(pid);
  const pids = identity === undefined ? [] : withDescendants(identity).map((each) => each.pid);
  return pids.reduce((sum, each) => sum + proportionalBytes(each), 0);
}

function proportionalBytes(pid) {
  try {
    return Number(/^Pss:\s+(\d+) kB$/m.exec(readFileSync(`/proc/${pid}/smaps_rollup`, 'utf8'))?.[1] ?? 0) * KIB;
  } catch {
    return 0;
  }
}
