import { createHash } from 'node:crypto';
import type { Verdict } from '@stella/contracts/stella/gate/v1alpha/gate';
import { DomainError } from '@stella/errors';
import { writeOutput } from '../io/files.js';
import { limits } from '../limits.js';
import type { Session } from '../session.js';

const SHORT_CHARS = 12;

/** `stella-<first digits of the verdict's id>.bundle.json` */
export function bundleFileName(verdict: string): string {
  return `stella-${verdict.slice('verdicts/'.length).slice(0, SHORT_CHARS)}.bundle.json`;
}

/**
 * Fetches a verdict's evidence bundle and keeps it as a file; gives its full path.
 * @throws DomainError BLOB_DIGEST_MISMATCH when the bytes are not those that the verdict names, BUNDLE_TOO_LARGE, FILE_NOT_WRITTEN
 */
export async function saveBundle(session: Session, { name, bundleSha256 }: Pick<Verdict, 'name' | 'bundleSha256'>, path = bundleFileName(name)): Promise<string> {
  session.output.progress('fetching the evidence bundle');
  const { gate } = await session.client();
  const hash = createHash('sha256');
  const chunks: Uint8Array[] = [];
  let sizeBytes = 0;
  for await (const { chunk } of gate.getBundle({ verdict: name }, session.call)) {
    const data = chunk?.data ?? new Uint8Array();
    sizeBytes += data.length;
    if (sizeBytes > limits.bundleBytesMax) throw new DomainError('BUNDLE_TOO_LARGE', { verdict: name, sizeBytesMax: String(limits.bundleBytesMax) });
    hash.update(data);
    chunks.push(data);
  }
  const actual = hash.digest('hex');
  if (actual !== bundleSha256) throw new DomainError('BLOB_DIGEST_MISMATCH', { expected: bundleSha256, actual, sizeBytes: String(sizeBytes) });
  return writeOutput(session.io, path, Buffer.concat(chunks));
}
