import { randomBytes } from 'node:crypto';
import { join } from 'node:path';
import { writeOnce } from './files.mjs';
import { serversFolder } from './folder.mjs';

/** A secret of this folder's servers, made at first use and kept: the same at every start. @param {string} name @returns {string} */
export function secret(name) {
  return writeOnce(join(serversFolder(), 'secrets', name), () => randomBytes(18).toString('base64url'));
}
