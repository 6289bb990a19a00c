import { buildUnitIndex } from '@stella/binary-delta';
import { DomainError } from '@stella/errors';
import { identify, type Identity, lift, type LiftEnd, type LiftHeader, type LiftSide, nativeExecutable } from '@stella/native';
import type { Lift, Lifter } from '../application/ports.js';
import { limits } from '../limits.js';
import { ExecutableDigest } from './executable-digest.js';

/** `stella-native`, as long as it is the executable whose digest goes into the statements. */
export class NativeLifter implements Lifter {
  readonly #digest = new ExecutableDigest();

  constructor(readonly sha256: string) {}

  async lift(path: string, signal: AbortSignal): Promise<Lift> {
    await this.#requireSame();
    const units: Buffer[] = [];
    const sides: LiftSide[] = [];
    let header: LiftHeader | undefined;
    let end: LiftEnd | undefined;
    for await (const frame of lift(path, { ...inputLimits(signal), outputBytesMax: limits.liftOutputBytesMax })) {
      if (frame.kind === 'unit') units.push(frame.bytes);
      else if (frame.kind === 'side') sides.push(...frame.sides);
      else if (frame.kind === 'header') header = frame.header;
      else end = frame.end;
    }
    if (!header || !end) throw new DomainError('NATIVE_FRAME_BROKEN', { expected: 'lift and end' });
    return { header, end, index: buildUnitIndex(units, sides, { sha256: this.sha256, ruleset: header.ruleset }) };
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

function inputLimits(signal: AbortSignal) {
  return {
    signal,
    timeoutMs: limits.liftTimeoutMs,
    cpuSecondsMax: limits.liftCpuSecondsMax,
    memoryBytesMax: limits.liftMemoryBytesMax,
    fileBytesMax: limits.artifactBytesMax,
  };
}
