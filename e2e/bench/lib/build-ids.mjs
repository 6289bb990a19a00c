import { execFileSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

const HEX_DIGITS = 40;
const SOURCE = `#include <stdio.h>
struct anchor { int links; double weight; const char *name; };
int main(int argc, char **argv) {
  struct anchor anchor = { argc, argc * 7.5, argv[0] };
  printf("%s: %d links, %f\\n", anchor.name, anchor.links, anchor.weight);
  return 0;
}
`;

/** The GNU build id of a number: 20 bytes, as linkers make them. */
export function buildIdOf(number) {
  return createHash('sha256').update(`build ${number}`).digest('hex').slice(0, HEX_DIGITS);
}

/** An id that nobody has. */
export function unknownIdOf(number) {
  return createHash('sha256').update(`no build ${number}`).digest('hex').slice(0, HEX_DIGITS);
}

/**
 * One small program with debug information, as many times as wanted: only its build id differs.
 * @returns {{ folder: string, paths: string[] }} the file of number n at place n
 */
export function makeBuilds(parent, count) {
  const folder = join(parent, 'builds');
  mkdirSync(folder);
  const template = join(parent, 'template');
  const placeholder = buildIdOf('template');
  writeFileSync(`${template}.c`, SOURCE);
  execFileSync('gcc', ['-g', '-O1', `-Wl,--build-id=0x${placeholder}`, '-o', template, `${template}.c`], { stdio: ['ignore', 'ignore', 'inherit'] });
  const bytes = readFileSync(template);
  const at = bytes.indexOf(Buffer.from(placeholder, 'hex'));
  if (at < 0) throw new Error('the linker wrote no build id');
  const paths = Array.from({ length: count }, (_, number) => {
    Buffer.from(buildIdOf(number), 'hex').copy(bytes, at);
    const path = join(folder, `build-${number}`);
    writeFileSync(path, bytes, { mode: 0o755 });
    return path;
  });
  return { folder, paths };
}
