import { Readable, type Writable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { DomainError, type ErrorFacts } from '@stella/errors';
import { failureOfFrame } from './failure.js';
import { BlobPart, encodeFrame, FrameDecoder, isEndFrame, isErrorFrame } from './frames.js';
import { NATIVE_DEFAULTS } from './limits.js';
import { NativeProcess } from './native-process.js';

export interface NativeCallOptions {
  /** Frames written to the child's standard input, which is closed after them. */
  readonly requestFrames?: Iterable<Buffer>;
  /** Wall time of the whole call; the child is killed after it. */
  readonly timeoutMs?: number;
  readonly signal?: AbortSignal | undefined;
  /** Bytes of frames accepted before the child is killed. */
  readonly outputBytesMax?: number;
  /** Takes the bytes of blobs, in their order among the frames; without it there may be none. */
  readonly onBlobPart?: (bytes: Buffer) => void;
  /** All that the child sees of an environment: nothing is inherited. */
  readonly env?: Readonly<Record<string, string>>;
}

/**
 * Runs one command of `stella-native` and yields its frames, the end frame last. The child is read only as fast as the
 * caller iterates, and is dead when the iteration is over, however it ends.
 * @throws NATIVE_MISSING, those of LIFTER_REASONS and NATIVE_FAILED (error frame), NATIVE_CRASHED (signal, or exit without a word),
 * NATIVE_TIMEOUT, NATIVE_OUTPUT_TOO_LARGE, NATIVE_FRAME_BROKEN (no end frame, cut frame), CANCELLED
 */
export async function* callNative(
  command: string,
  args: readonly string[],
  options: NativeCallOptions = {},
): AsyncGenerator<Buffer, void, undefined> {
  const { timeoutMs = NATIVE_DEFAULTS.timeoutMs, outputBytesMax = NATIVE_DEFAULTS.outputBytesMax, signal } = options;
  if (signal?.aborted) throw cancelled(command, signal);
  const child = new NativeProcess([command, ...args], options.env ?? {});
  const facts: ErrorFacts = { command };
  const timer = setTimeout(() => {
    child.kill(new DomainError('NATIVE_TIMEOUT', { ...facts, timeoutMs: String(timeoutMs) }));
  }, timeoutMs);
  const onAbort = (): void => {
    if (signal !== undefined) child.kill(cancelled(command, signal));
  };
  signal?.addEventListener('abort', onAbort, { once: true });
  const sent = send(child.stdin, options.requestFrames ?? []);
  try {
    let end: Buffer | undefined;
    let outputBytes = 0;
    const decoder = new FrameDecoder();
    for await (const chunk of child.chunks()) {
      outputBytes += chunk.length;
      if (outputBytes > outputBytesMax) {
        throw new DomainError('NATIVE_OUTPUT_TOO_LARGE', { ...facts, outputBytesMax: String(outputBytesMax) });
      }
      for (const frame of decoder.push(chunk)) {
        if (end !== undefined) throw broken(facts, 'a frame after the end frame');
        if (frame instanceof BlobPart) {
          if (options.onBlobPart === undefined) throw broken(facts, 'a blob that nobody asked for');
          options.onBlobPart(frame.bytes);
          continue;
        }
        if (isErrorFrame(frame)) throw failureOfFrame(command, frame);
        if (isEndFrame(frame)) end = frame;
        else yield frame;
      }
    }
    // A child may still fail after its end frame: the end is told only once it has exited well.
    await child.succeeded(facts);
    if (decoder.pendingBytes > 0) throw broken(facts, 'the stream is cut inside a frame');
    if (end === undefined) throw broken(facts, 'no end frame');
    yield end;
  } finally {
    clearTimeout(timer);
    signal?.removeEventListener('abort', onAbort);
    await child.stop();
    await sent;
  }
}

function broken(facts: ErrorFacts, frame: string): DomainError {
  return new DomainError('NATIVE_FRAME_BROKEN', { ...facts, frame });
}

function cancelled(command: string, signal: AbortSignal): DomainError {
  return new DomainError('CANCELLED', { command }, { cause: signal.reason });
}

/** A child that does not read its input tells why by its own end; a broken pipe says nothing more. */
async function send(stdin: Writable, frames: Iterable<Buffer>): Promise<void> {
  await pipeline(Readable.from(encoded(frames)), stdin).catch(() => undefined);
}

function* encoded(frames: Iterable<Buffer>): Generator<Buffer> {
  for (const frame of frames) yield encodeFrame(frame);
}
