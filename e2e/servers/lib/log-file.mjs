import { closeSync, fstatSync, openSync, readSync, renameSync, statSync } from 'node:fs';
import { LOG_BYTES_MAX, LOG_LINES_SHOWN } from '../limits.mjs';

const TAIL_BYTES = 65_536;

/** Opened to append; one that has grown large is put aside first, as `<path>.old`. @returns {number} a file descriptor */
export function openLog(path) {
  const size = statSync(path, { throwIfNoEntry: false })?.size ?? 0;
  if (size > LOG_BYTES_MAX) renameSync(path, `${path}.old`);
  return openSync(path, 'a', 0o600);
}

/** The last lines, or none where there is no such file. @param {string} path */
export function lastLines(path, count = LOG_LINES_SHOWN) {
  let file;
  try {
    file = openSync(path, 'r');
  } catch {
    return [];
  }
  try {
    const { size } = fstatSync(file);
    const length = Math.min(size, TAIL_BYTES);
    const bytes = Buffer.alloc(length);
    readSync(file, bytes, 0, length, size - length);
    return bytes.toString('utf8').trimEnd().split('\n').slice(-count);
  } finally {
    closeSync(file);
  }
}
