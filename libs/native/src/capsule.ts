import { DomainError } from '@stella/errors';
import { callNative, type NativeCallOptions } from './call.js';
import type { CapsuleOutcome, CapsuleProbe, CapsuleRequest } from './capsule-types.js';
import { isEndFrame, parseFrame } from './frames.js';
import { CAPSULE_DEFAULTS } from './limits.js';
import { checkMembers, objectMember } from './shape.js';

/** `env` is of the capsule's own process; the program's stands in the request. */
type CallLimits = Pick<NativeCallOptions, 'signal' | 'timeoutMs' | 'env'>;

/**
 * Runs a program once in the deterministic sandbox.
 * The call's own time limit is the wall cap and a margin: the cap is what normally ends a run, with an outcome.
 * @throws NATIVE_FAILED with nativeReason PROGRAM_NOT_FOUND, ISOLATION_UNAVAILABLE, REQUEST_INVALID, CAP_INVALID …
 */
export async function runCapsule(request: CapsuleRequest, limits: CallLimits = {}): Promise<CapsuleOutcome> {
  const wallMs = request.caps?.wallMs ?? CAPSULE_DEFAULTS.wallMs;
  const outcome = await onlyFrame('run', 'outcome', {
    requestFrames: [encodeRequest(request)],
    timeoutMs: limits.timeoutMs ?? wallMs + CAPSULE_DEFAULTS.marginMs,
    signal: limits.signal,
    ...(limits.env === undefined ? {} : { env: limits.env }),
  });
  checkMembers(outcome, {
    exit: 'object', stdout: 'object', stderr: 'object', pins: 'object', nonDeterminism: 'object', threads: 'number', isolation: 'string',
  });
  return outcome as unknown as CapsuleOutcome;
}

/** What this host can give a capsule, for `stella doctor` and readiness. */
export async function probeCapsule(limits: CallLimits = {}): Promise<CapsuleProbe> {
  const probe = await onlyFrame('probe', 'probe', { timeoutMs: CAPSULE_DEFAULTS.marginMs, ...limits });
  checkMembers(probe, { namespaces: 'object', seccomp: 'string', ptrace: 'string', kernel: 'string' });
  return probe as unknown as CapsuleProbe;
}

async function onlyFrame(command: string, member: string, options: NativeCallOptions): Promise<Record<string, unknown>> {
  let found: Record<string, unknown> | undefined;
  for await (const frame of callNative('capsule', [command], options)) {
    if (!isEndFrame(frame)) found = objectMember(parseFrame(frame), member);
  }
  if (found === undefined) throw new DomainError('NATIVE_FRAME_BROKEN', { expected: member, found: 'the end' });
  return found;
}

/** Nanoseconds and seeds go beyond 2^53: they are written digit by digit. */
export function encodeRequest(request: CapsuleRequest): Buffer {
  const text = JSON.stringify(request, (_, value: unknown) =>
    typeof value === 'bigint' ? JSON.rawJSON(value.toString()) : value,
  );
  return Buffer.from(text);
}

declare global {
  interface JSON {
    /** Node 22 and later; ECMAScript proposal "JSON.parse source text access". */
    rawJSON(text: string): unknown;
  }
}
