import type { Exit } from '@stella/witness';

/** glibc's dynamic loader ends a program that lacks a library like this (elf/dl-error.c); musl's with 127 too. */
const LOADER_EXIT_CODE = 127;
const COMPLAINTS = [': error while loading shared libraries: ', 'Error loading shared library '];
const HEAD_BYTES = 4_096;

/**
 * Whether the program was never started because the capsule lacks one of its libraries. That is our failure: taken as
 * the program's own it would look like an incident. A program that fakes it only keeps itself from a verdict.
 */
export function isLoaderFailure(exit: Exit, stderr: Uint8Array): boolean {
  if (!('code' in exit) || exit.code !== LOADER_EXIT_CODE) return false;
  const head = Buffer.from(stderr.subarray(0, HEAD_BYTES)).toString('latin1');
  return COMPLAINTS.some((complaint) => head.includes(complaint));
}
