import { ReplayOutcomes, type ReplayRun as RunMessage } from '@stella/contracts/stella/replay_worker/v1alpha/events';
import { DomainError } from '@stella/errors';
import { sha256Hex } from '@stella/attestation';
import type { BlobStore } from '@stella/platform-blobs';
import type { ReplayRecords } from '../application/ports.js';
import type { ReplayRun, RunOutcome } from '../domain/replay-report.js';
import { ARGUMENTS_BYTES_MAX } from '../limits.js';

/** What replays read and leave, as blobs. Runs that did the same share the blobs of their output. */
export class BlobReplayRecords implements ReplayRecords {
  constructor(private readonly blobs: BlobStore) {}

  async arguments(sha256: string): Promise<readonly string[]> {
    const value: unknown = JSON.parse((await this.blobs.bytes(sha256, ARGUMENTS_BYTES_MAX)).toString('utf8'));
    if (Array.isArray(value) && value.every((arg) => typeof arg === 'string')) return value;
    throw new DomainError('WITNESS_INVALID', { member: 'arguments', problem: 'the blob is not a JSON array of strings' });
  }

  async keepBytes(bytes: Uint8Array): Promise<string> {
    const sha256 = sha256Hex(bytes);
    if ((await this.blobs.stat(sha256)) === undefined) await this.blobs.put(bytes, { expectedSha256: sha256 });
    return sha256;
  }

  keepRuns(runs: readonly ReplayRun[]): Promise<string> {
    return this.keepBytes(ReplayOutcomes.encode({ runs: runs.map(toMessage) }).finish());
  }
}

function toMessage(run: ReplayRun): RunMessage {
  const { runId } = run;
  if ('failure' in run) return { runId, result: { $case: 'failure', value: { ...run.failure } } };
  return { runId, result: { $case: 'outcome', value: toOutcome(run.outcome) } };
}

function toOutcome({ exit, capHit, stdout, stderr, measured, nonDeterminism, pins, ...same }: RunOutcome) {
  return {
    ...same,
    exit: 'code' in exit ? ({ $case: 'code', value: exit.code } as const) : ({ $case: 'signal', value: exit.signal } as const),
    capHit: capHit ?? '',
    stdout: { ...stdout, sizeBytes: BigInt(stdout.sizeBytes) },
    stderr: { ...stderr, sizeBytes: BigInt(stderr.sizeBytes) },
    pins: { ...pins },
    nonDeterminism: Object.fromEntries(Object.entries(nonDeterminism).map(([source, count]) => [source, BigInt(count)])),
    wallUs: BigInt(Math.round(measured.wallMs * 1_000)),
    cpuUs: BigInt(Math.round(measured.cpuMs * 1_000)),
    maxRssBytes: BigInt(measured.maxRssBytes),
  };
}
