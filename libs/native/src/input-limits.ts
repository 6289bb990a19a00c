import type { NativeCallOptions } from './call.js';
import { LIFT_DEFAULTS } from './limits.js';

/** What one hostile input may cost, inside the child and outside. */
export interface InputLimits extends Pick<NativeCallOptions, 'timeoutMs' | 'signal' | 'outputBytesMax'> {
  readonly cpuSecondsMax?: number;
  readonly memoryBytesMax?: number;
  readonly fileBytesMax?: number;
}

export function limitArgs(limits: InputLimits): string[] {
  return [
    ['--cpu-seconds-max', limits.cpuSecondsMax ?? LIFT_DEFAULTS.cpuSecondsMax],
    ['--memory-bytes-max', limits.memoryBytesMax ?? LIFT_DEFAULTS.memoryBytesMax],
    ['--file-bytes-max', limits.fileBytesMax ?? LIFT_DEFAULTS.fileBytesMax],
  ].flat().map(String);
}

export function callOptions({ timeoutMs, signal, outputBytesMax }: InputLimits): NativeCallOptions {
  return { signal, ...(timeoutMs !== undefined && { timeoutMs }), ...(outputBytesMax !== undefined && { outputBytesMax }) };
}
