import type { UploadArtifactHeader, UploadArtifactRequest } from '@stella/contracts/stella/psdi/v1alpha/psdi';
import { DomainError } from '@stella/errors';

export interface ReceivedUpload {
  readonly header: UploadArtifactHeader;
  readonly bytes: AsyncIterable<Uint8Array>;
}

/** The header, which comes first, and the bytes as they arrive. @throws DomainError REQUEST_INVALID, also later from `bytes` */
export async function receiveUpload(messages: AsyncIterable<UploadArtifactRequest>): Promise<ReceivedUpload> {
  const iterator = messages[Symbol.asyncIterator]();
  const first = await iterator.next();
  const part = first.done === true ? undefined : first.value.part;
  if (part?.$case !== 'header') throw new DomainError('REQUEST_INVALID', { fields: 'header', problem: 'the first message is the header' });
  return { header: part.value, bytes: chunks({ [Symbol.asyncIterator]: () => iterator }) };
}

async function* chunks(messages: AsyncIterable<UploadArtifactRequest>): AsyncGenerator<Uint8Array> {
  for await (const { part } of messages) {
    if (part?.$case !== 'chunk') throw new DomainError('REQUEST_INVALID', { fields: 'part', problem: 'only chunks follow the header' });
    yield part.value.data;
  }
}
