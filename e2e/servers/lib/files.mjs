import { randomBytes } from 'node:crypto';
import { linkSync, mkdirSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { dirname } from 'node:path';

const PRIVATE = 0o600;

/** Written beside and renamed: nobody ever reads half a file. */
export function writeWhole(path, content, mode = PRIVATE) {
  mkdirSync(dirname(path), { recursive: true });
  const beside = besideOf(path);
  writeFileSync(beside, content, { mode });
  renameSync(beside, path);
}

/** The content of `path`, written by `make` if absent; of two that make it at once both get the first one's. */
export function writeOnce(path, make) {
  const present = readIfPresent(path);
  if (present !== undefined) return present;
  mkdirSync(dirname(path), { recursive: true });
  const beside = besideOf(path);
  writeFileSync(beside, make(), { mode: PRIVATE });
  try {
    linkSync(beside, path);
  } catch (error) {
    if (error.code !== 'EEXIST') throw error;
  } finally {
    rmSync(beside);
  }
  return readFileSync(path, 'utf8');
}

/** @returns {string | undefined} */
export function readIfPresent(path) {
  try {
    return readFileSync(path, 'utf8');
  } catch (error) {
    if (error.code === 'ENOENT') return undefined;
    throw error;
  }
}

function besideOf(path) {
  return `${path}.${process.pid}.${randomBytes(4).toString('hex')}`;
}
