import { readdirSync, readFileSync } from 'node:fs';

/**
 * A process, told from a later one with the same number by when it started.
 * @typedef {{ readonly pid: number, readonly startedAt: string }} ProcessIdentity
 */

/** @param {number} pid @returns {ProcessIdentity | undefined} undefined where no such process runs; one that is dead but not reaped does not run */
export function identify(pid) {
  const stat = readStat(pid);
  return stat === undefined || stat.isDead ? undefined : { pid, startedAt: `${bootId()}/${stat.startTicks}` };
}

/** @param {ProcessIdentity | undefined} identity */
export function isRunning(identity) {
  return identity !== undefined && identify(identity.pid)?.startedAt === identity.startedAt;
}

/** The process and all that descend from it, itself first. @param {ProcessIdentity} identity @returns {ProcessIdentity[]} */
export function withDescendants(identity) {
  const childrenOf = new Map();
  for (const pid of allPids()) {
    const parent = readStat(pid)?.parent;
    childrenOf.set(parent, [...(childrenOf.get(parent) ?? []), pid]);
  }
  const found = [identity];
  for (const { pid } of found) found.push(...(childrenOf.get(pid) ?? []).map(identify).filter((child) => child !== undefined));
  return found;
}

/** @returns {number[]} */
export function allPids() {
  return readdirSync('/proc').filter((name) => /^\d+$/.test(name)).map(Number);
}

function readStat(pid) {
  let text;
  try {
    text = readFileSync(`/proc/${pid}/stat`, 'utf8');
  } catch {
    return undefined;
  }
  // The second field is the program's name in brackets, which may hold anything.
  const fields = text.slice(text.lastIndexOf(')') + 2).split(' ');
  // While other threads are still ending, the process keeps its ports and files.
  const isDead = (fields[0] === 'Z' || fields[0] === 'X') && Number(fields[17]) <= 1;
  return { isDead, parent: Number(fields[1]), startTicks: fields[19] };
}

let boot;
function bootId() {
  boot ??= readFileSync('/proc/sys/kernel/random/boot_id', 'utf8').trim();
  return boot;
}
