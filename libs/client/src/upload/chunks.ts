import { createReadStream } from 'node:fs';
import type { Chunk } from '@stella/contracts/stella/common/v1alpha/common';
import { limits } from '../limits.js';

type Part<Header> = { readonly part: { $case: 'header'; value: Header } | { $case: 'chunk'; value: Chunk } };

/** One header, then the file's bytes in order: what every upload of the contracts is made of. */
export async function* uploadParts<Header>(header: Header, path: string): AsyncGenerator<Part<Header>> {
  yield { part: { $case: 'header', value: header } };
  for await (const data of createReadStream(path, { highWaterMark: limits.chunkBytesMax }) as AsyncIterable<Buffer>) {
    yield { part: { $case: 'chunk', value: { data } } };
  }
}
