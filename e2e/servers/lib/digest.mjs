import { createHash } from 'node:crypto';

/** Of the contents, in order, short enough for the name of a folder. @param {...(string | Buffer)} contents */
export function shortDigest(...contents) {
  const hash = createHash('sha256');
  for (const content of contents) hash.update(content).update('\0');
  return hash.digest('hex').slice(0, 16);
}
