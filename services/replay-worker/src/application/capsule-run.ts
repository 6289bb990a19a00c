import type { CapsuleOutcome, CapsuleRequest } from '@stella/native';
import { type CanonicalOutcome, canonicalOutcome, type Exit } from '@stella/witness';
import { DomainError } from '@stella/errors';
import type { ReplayOrder } from '../domain/replay-order.js';
import type { ClosureFile } from '../domain/replay-report.js';
import type { Workspace } from './ports.js';

/** What the capsule of this order is asked; the same for each of its runs. @throws DomainError ISOLATION_REFUSED */
export function capsuleRequest(order: ReplayOrder, args: readonly string[], workspace: Workspace, closure: readonly ClosureFile[]): CapsuleRequest {
  const { setup, determinism, isolation } = order;
  if (determinism !== 'D1' || isolation !== 'I1') throw new DomainError('ISOLATION_REFUSED', { determinism, isolation });
  return {
    program: workspace.program,
    programPath: setup.programPath,
    args,
    env: setup.environment,
    stdin: workspace.stdin === undefined ? 'empty' : { path: workspace.stdin },
    files: workspace.files,
    closure: closure.map(({ path }) => path),
    clock: setup.clock,
    seeds: { random: setup.seeds['random'] ?? 0n },
    hostname: setup.hostname,
    uid: setup.uid,
    gid: setup.gid,
    locale: setup.locale,
    tz: setup.timeZone,
    caps: setup.caps,
    determinism,
    isolation,
    captureStack: order.captureStack,
  };
}

/** A run's outcome with its output decoded. */
export interface DecodedRun {
  readonly outcome: CapsuleOutcome;
  readonly exit: Exit;
  readonly stdout: Buffer;
  readonly stderr: Buffer;
}

export function decodeRun(outcome: CapsuleOutcome): DecodedRun {
  const [stdout, stderr] = [Buffer.from(outcome.stdout.base64, 'base64'), Buffer.from(outcome.stderr.base64, 'base64')];
  return { outcome, exit: outcome.exit, stdout, stderr };
}

/** As far as a worker compares: without the stack, which takes the normaliser of those who evaluate. */
export function comparable({ outcome, exit, stdout, stderr }: DecodedRun, canonicaliser: string): CanonicalOutcome {
  return canonicalOutcome({ exit, capHit: outcome.capHit, stdout, stderr }, canonicaliser);
}
