import { createHash } from 'node:crypto';
import { chmodSync, lstatSync, mkdirSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import { ServerError } from './server-error.mjs';

const CHECKOUT = dirname(dirname(dirname(dirname(fileURLToPath(import.meta.url)))));
/** Others may pass, since PostgreSQL does not run as root, but not look around. */
const MODE = 0o711;

/** Where the servers of this checkout keep data, logs and `servers.json`: `STELLA_E2E_FOLDER`, else one in the system's temporary folder. */
export function serversFolder() {
  const folder = process.env.STELLA_E2E_FOLDER ? resolve(process.env.STELLA_E2E_FOLDER) : join(tmpdir(), `stella-e2e-${checkoutDigest()}`);
  mkdirSync(folder, { recursive: true, mode: MODE });
  const found = lstatSync(folder);
  // Anybody may make a folder of this name before us.
  if (!found.isDirectory() || found.uid !== process.getuid()) {
    throw new ServerError(`${folder} is not a folder of yours`, 'remove it, or set STELLA_E2E_FOLDER to another one');
  }
  chmodSync(folder, MODE);
  return folder;
}

/** The folder of one server, made if absent. @param {string} name */
export function serverFolder(name) {
  const folder = join(serversFolder(), name);
  mkdirSync(folder, { recursive: true, mode: MODE });
  chmodSync(folder, MODE);
  return folder;
}

function checkoutDigest() {
  return createHash('sha256').update(`${process.getuid()}\0${CHECKOUT}`).digest('hex').slice(0, 12);
}
