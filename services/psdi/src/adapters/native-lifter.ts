import { randomInt } from 'node:crypto';
import { openSet, spotCheck } from '@stella/binary-delta';
import { DomainError } from '@stella/errors';
import { identify, type Identity, type LiftedIndex, liftIndex, nativeExecutable } from '@stella/native';
import type { Lift, Lifter } from '../application/ports.js';
import { limits } from '../limits.js';
import { ExecutableDigest } from './executable-digest.js';

/** `stella-native`, as long as it is the executable whose digest goes into the statements. */
export class NativeLifter implements Lifter {
  readonly #digest = new ExecutableDigest();

  constructor(readonly sha256: string) {}

  async lift(path: string, signal: AbortSignal): Promise<Lift> {
    await this.#requireSame();
    const lifted = await liftIndex(path, { ...inputLimits(signal), outputBytesMax: limits.liftOutputBytesMax });
    const { header, end, functions, set, sides } = lifted;
    const { root, sums } = requireSound(lifted);
    return { header, end, functions, ref: { lifter: { sha256: this.sha256, ruleset: header.ruleset }, root: root.toString('hex'), sums }, index: { set, sides } };
  }

  identify(path: string, signal: AbortSignal): Promise<Identity> {
    return identify(path, inputLimits(signal));
  }

  /** Statements name the lifter by its digest: one that was replaced while the service ran must not be signed for. */
  async #requireSame(): Promise<void> {
    const actual = await this.#digest.of(nativeExecutable());
    if (actual !== this.sha256) throw new DomainError('LIFTER_CHANGED', { expected: this.sha256, actual });
  }
}

/**
 * What is signed is the root of the very index that is kept. Who lifts is trusted for the units; that they hang under the
 * root as the encoding says is looked at for some, drawn anew each time.
 * @throws DomainError INDEX_INVALID, LEAF_INVALID
 */
function requireSound({ set: packed, end }: LiftedIndex) {
  const set = openSet(packed);
  const root = set.root.toString('hex');
  if (root !== end.root) throw new DomainError('INDEX_INVALID', { rootSaid: end.root, rootFound: root });
  for (const [name, value] of Object.entries(set.sums)) {
    const said = end.sums[name as keyof typeof end.sums];
    if (said !== value) throw new DomainError('INDEX_INVALID', { sum: name, said: String(said), found: String(value) });
  }
  spotCheck(set, set.size === 0 ? [] : Array.from({ length: Math.min(set.size, limits.unitsSpotChecked) }, () => randomInt(set.size)));
  return set;
}

function inputLimits(signal: AbortSignal) {
  return {
    signal,
    timeoutMs: limits.liftTimeoutMs,
    cpuSecondsMax: limits.liftCpuSecondsMax,
    memoryBytesMax: limits.liftMemoryBytesMax,
    fileBytesMax: limits.artifactBytesMax,
  };
}
