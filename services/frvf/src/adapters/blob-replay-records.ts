import { ReplayOutcomes, type ReplayRun as RunMessage, type RunOutcome } from '@stella/contracts/stella/replay_worker/v1alpha/events';
import { sha256Hex } from '@stella/attestation';
import { DomainError } from '@stella/errors';
import type { BlobStore } from '@stella/platform-blobs';
import type { Cap, Exit } from '@stella/witness';
import type { ReplayRecords } from '../application/ports.js';
import { type MadeRun, type ReplayedRun, show, type Shown } from '../domain/replayed-run.js';
import { limits } from '../limits.js';

const CAPS: ReadonlySet<string> = new Set<Cap>(['wall', 'cpu', 'memory', 'output', 'pids', 'disk']);

/** What workers leave, as blobs. Runs that did the same share their output, and are looked at once. */
export class BlobReplayRecords implements ReplayRecords {
  constructor(private readonly blobs: BlobStore) {}

  async keep(bytes: Uint8Array): Promise<void> {
    const expectedSha256 = sha256Hex(bytes);
    if ((await this.blobs.stat(expectedSha256)) === undefined) await this.blobs.put(bytes, { expectedSha256 });
  }

  async runs(outcomesSha256: string, canonicaliser: string): Promise<readonly ReplayedRun[]> {
    const { runs } = ReplayOutcomes.decode(await this.blobs.bytes(outcomesSha256, limits.outcomesBytesMax));
    const shown = new Map<string, Shown>();
    const replayed: ReplayedRun[] = [];
    for (const message of runs) replayed.push(await this.#run(message, canonicaliser, shown));
    return replayed;
  }

  async #run({ runId, result }: RunMessage, canonicaliser: string, shown: Map<string, Shown>): Promise<ReplayedRun> {
    if (result?.$case === 'failure') return { runId, failure: { reason: result.value.reason, detail: result.value.detail } };
    if (result?.$case !== 'outcome') throw malformed(runId, 'result');
    const { value } = result;
    const made = toMade(runId, value);
    const { stdout, stderr, stackSha256 } = value;
    if (!stdout || !stderr) throw malformed(runId, 'stdout or stderr');
    const same = JSON.stringify([made.exit, made.capHit, stdout.sha256, stderr.sha256, stackSha256]);
    const known = shown.get(same) ?? show(made, {
      stdout: await this.blobs.bytes(stdout.sha256),
      stderr: await this.blobs.bytes(stderr.sha256),
      unwound: stackSha256 === '' ? undefined : await this.blobs.bytes(stackSha256),
    }, canonicaliser);
    shown.set(same, known);
    return { runId, made, shown: known };
  }
}

function toMade(runId: string, { exit, capHit, pins, nonDeterminism, determinism, isolation }: RunOutcome): MadeRun {
  if (!exit) throw malformed(runId, 'exit');
  if (capHit !== '' && !CAPS.has(capHit)) throw malformed(runId, 'capHit');
  const ended: Exit = exit.$case === 'code' ? { code: exit.value } : { signal: exit.value };
  const counts = Object.fromEntries(Object.entries(nonDeterminism).map(([source, count]) => [source, Number(count)]));
  return { exit: ended, capHit: capHit === '' ? null : (capHit as Cap), pins, nonDeterminism: counts, determinism, isolation };
}

function malformed(runId: string, member: string): DomainError {
  return new DomainError('EVENT_INVALID', { attribute: 'outcomes', runId, member });
}
