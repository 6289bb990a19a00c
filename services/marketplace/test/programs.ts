import { execFile } from 'node:child_process';
import { copyFile, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';

export const run = promisify(execFile);

/** A program in C with its pieces: as linked, its debug information alone, and without any. */
export interface Program {
  readonly folder: string;
  readonly source: string;
  readonly full: string;
  readonly debug: string;
  readonly stripped: string;
  readonly buildId: string;
  /** Of the function `weigh_anchor`, as linked. */
  readonly address: bigint;
}

export const FUNCTION = 'weigh_anchor';
/** Of the multiplication in it. */
export const LINE = 4;

const sourceOf = (factor: number): string => `#include <stdio.h>

int __attribute__((noinline)) ${FUNCTION}(int links) {
  volatile int weight = links * ${factor};
  return weight;
}

int main(int argc, char **argv) {
  printf("%d\\n", ${FUNCTION}(argc));
  return 0;
}
`;

/** @param buildId hexadecimal, instead of the one that follows from the content */
export async function buildProgram(factor = 7, buildId?: string, flags: readonly string[] = []): Promise<Program> {
  const folder = await mkdtemp(join(tmpdir(), 'stella-program-'));
  const at = (name: string): string => join(folder, name);
  await writeFile(at('anchor.c'), sourceOf(factor));
  await run('gcc', ['-g', '-O1', `-ffile-prefix-map=${folder}=/src`, `-Wl,--build-id=${buildId === undefined ? 'sha1' : `0x${buildId}`}`, ...flags, '-o', at('full'), 'anchor.c'], { cwd: folder });
  await run('objcopy', ['--only-keep-debug', at('full'), at('debug')]);
  await copyFile(at('full'), at('stripped'));
  await run('strip', ['--strip-all', at('stripped')]);
  const { stdout: notes } = await run('readelf', ['-n', at('full')]);
  const { stdout: symbols } = await run('nm', [at('full')]);
  return {
    folder,
    source: at('anchor.c'),
    full: at('full'),
    debug: at('debug'),
    stripped: at('stripped'),
    buildId: /Build ID: ([0-9a-f]+)/.exec(notes)?.[1] ?? '',
    address: BigInt(`0x${new RegExp(`^([0-9a-f]+) T ${FUNCTION}$`, 'm').exec(symbols)?.[1]}`),
  };
}

export async function removeProgram({ folder }: Program): Promise<void> {
  await rm(folder, { recursive: true, force: true });
}
