import { createHash } from 'node:crypto';
import { createReadStream } from 'node:fs';
import { nativeExecutable } from '@stella/native';

/** SHA-256 of the `stella-native` that this process runs, 64 lower-case hexadecimal digits. @throws DomainError NATIVE_MISSING */
export async function nativeSha256(): Promise<string> {
  const hash = createHash('sha256');
  for await (const chunk of createReadStream(nativeExecutable())) hash.update(chunk as Buffer);
  return hash.digest('hex');
}
