import { join } from 'node:path';
import { readIfPresent, writeWhole } from './files.mjs';
import { serversFolder } from './folder.mjs';

/**
 * What is remembered of a server between commands. The ports stay those of the first start, so that clients find a
 * server again that was killed.
 * @typedef {object} ServerRecord
 * @property {Readonly<Record<string, number>>} ports
 * @property {string} digest of how it was started
 * @property {Readonly<Record<string, unknown>>} address
 * @property {import('./process-identity.mjs').ProcessIdentity} [process] absent after a stop
 */

/** @param {string} name @returns {ServerRecord | undefined} */
export function readRecord(name) {
  const text = readIfPresent(pathOf(name));
  return text === undefined ? undefined : JSON.parse(text);
}

/** @param {string} name @param {ServerRecord} record */
export function writeRecord(name, record) {
  writeWhole(pathOf(name), `${JSON.stringify(record, null, 2)}\n`);
}

function pathOf(name) {
  return join(serversFolder(), name, 'record.json');
}
