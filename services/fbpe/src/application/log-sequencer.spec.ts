import { DomainError } from '@stella/errors';
import { limits } from '../limits.js';
import type { AppendBatch } from './append-batch.js';
import { LogSequencer } from './log-sequencer.js';
import type { LoggedEntry, NewEntry } from './ports.js';

const entry = (n: number): NewEntry => ({ tenant: 't', payloadDigest: String(n), envelopeSha256: '', predicateType: '', subjects: [], record: new Uint8Array() });

function sequencer(execute: (wanted: readonly NewEntry[]) => Promise<LoggedEntry[]>): LogSequencer {
  return new LogSequencer({ execute } as unknown as AppendBatch, 0);
}

test('whoever comes together shares a batch, and no batch is larger than allowed', async () => {
  const sizes: number[] = [];
  const log = sequencer(async (wanted) => {
    sizes.push(wanted.length);
    return wanted.map((one) => ({ ...one, index: Number(one.payloadDigest) }) as unknown as LoggedEntry);
  });
  const answers = await Promise.all(Array.from({ length: limits.batchEntriesMax + 5 }, (_, n) => log.append(entry(n))));
  expect(sizes).toEqual([limits.batchEntriesMax, 5]);
  expect(answers.map(({ index }) => index)).toEqual(answers.map((_, n) => n));
});

test('a batch that fails fails for those in it, and the next one is made', async () => {
  let calls = 0;
  const log = sequencer(async (wanted) => {
    if (++calls === 1) throw new DomainError('DATABASE_UNAVAILABLE');
    return wanted.map((one) => one as unknown as LoggedEntry);
  });
  await expect(log.append(entry(1))).rejects.toMatchObject({ reason: 'DATABASE_UNAVAILABLE' });
  await expect(log.append(entry(1))).resolves.toMatchObject({ payloadDigest: '1' });
});

test('more than memory should hold is refused, and what waits is answered', async () => {
  const release = Promise.withResolvers<void>();
  const log = sequencer(async (wanted) => {
    await release.promise;
    return wanted.map((one) => one as unknown as LoggedEntry);
  });
  const waiting = Array.from({ length: limits.waitingEntriesMax }, (_, n) => log.append(entry(n)));
  await expect(log.append(entry(-1))).rejects.toMatchObject({ reason: 'LOG_BUSY' });
  release.resolve();
  expect(await Promise.all(waiting)).toHaveLength(limits.waitingEntriesMax);
  await log.idle();
});
