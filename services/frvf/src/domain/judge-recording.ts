import { DomainError } from '@stella/errors';
import { buildWitness, type Cap, countVariance, type MicroWitness, passes, type PassPredicate } from '@stella/witness';
import { type CrashStack, symbolPointersOf } from './crash-stack.js';
import type { DraftCore } from './draft-core.js';
import type { Host } from './host.js';
import { lastFailure, madeRuns, type ReplayedRun, type RunThatWasMade } from './replayed-run.js';

export interface RecordingInput {
  readonly draft: DraftCore;
  readonly canonicaliser: string;
  /** The cap whose reaching is the failure. */
  readonly expectedCap: Cap | null;
  readonly host: Host;
  readonly runsAsked: number;
  readonly runs: readonly ReplayedRun[];
}

export interface JudgedRecording {
  readonly witness: MicroWitness;
  readonly stack: CrashStack | undefined;
  readonly determinism: string;
  /** Why this level: what was seen. */
  readonly determinismReason: string;
}

/**
 * Makes a witness of runs that all failed the same way.
 *
 * @throws DomainError REPLAY_FAILED, WITNESS_NOT_DETERMINISTIC, WITNESS_DID_NOT_FAIL, and what `buildWitness` throws
 */
export function judgeRecording(input: RecordingInput): JudgedRecording {
  const { draft, host, runs, runsAsked, canonicaliser } = input;
  const made = madeRuns(runs);
  requireSame(made, runs.length);
  const [first] = made;
  const failure = lastFailure(runs);
  if (first === undefined || made.length < runsAsked) {
    throw new DomainError('REPLAY_FAILED', { runs: String(made.length), asked: String(runsAsked), reason: failure?.reason ?? '', detail: failure?.detail ?? '' });
  }
  requireFailure(first, draft.passPredicate, input.expectedCap);
  const { artifactSha256, ...chosen } = draft;
  const witness = buildWitness({
    ...chosen,
    toolchain: { runnerSha256: host.runnerSha256, image: null },
    artifact: { sha256: artifactSha256, closure: host.closure },
    symbolPointers: symbolPointersOf(first.shown.stack),
    expectedFailure: { ...first.shown.canonical, canonicaliser },
  });
  return { witness, stack: first.shown.stack, determinism: first.made.determinism, determinismReason: reasonOf(made) };
}

function requireSame(made: readonly RunThatWasMade[], runs: number): void {
  const canonicalVariance = countVariance(made.map(({ shown }) => shown.canonicalSha256));
  const facts = {
    runs: String(runs),
    canonicalVariance: String(canonicalVariance),
    rawVariance: String(countVariance(made.map(({ shown }) => shown.rawSha256))),
    touched: touched(made),
  };
  if (canonicalVariance > 0) throw new DomainError('WITNESS_NOT_DETERMINISTIC', { ...facts, differs: differing(made).join(', ') });
  const lost = Object.entries(made.find(({ made: { determinism } }) => determinism === '')?.made.pins ?? {}).filter(([, state]) => state !== 'pinned');
  if (lost.length > 0 || made.some(({ made: { determinism } }) => determinism === '')) {
    throw new DomainError('WITNESS_NOT_DETERMINISTIC', { ...facts, differs: '', pins: lost.map(([name, state]) => `${name}: ${state}`).join('; ') });
  }
}

function requireFailure({ shown: { canonical } }: RunThatWasMade, predicate: PassPredicate, expectedCap: Cap | null): void {
  const { exit, capHit } = canonical;
  const facts = { exit: JSON.stringify(exit), capHit: capHit ?? '', expectedCap: expectedCap ?? '' };
  const endedWell = 'code' in exit && exit.code === 0 && capHit === null;
  if (endedWell || capHit !== expectedCap || passes(predicate, canonical)) throw new DomainError('WITNESS_DID_NOT_FAIL', facts);
}

/** Which parts of the canonical outcome are not the same in all runs. */
function differing(made: readonly RunThatWasMade[]): string[] {
  const parts = ['exit', 'capHit', 'stdoutSha256', 'stderrSha256', 'stackFingerprint'] as const;
  return parts.filter((part) => new Set(made.map(({ shown }) => JSON.stringify(shown.canonical[part]))).size > 1);
}

function reasonOf(made: readonly RunThatWasMade[]): string {
  const rawVariance = countVariance(made.map(({ shown }) => shown.rawSha256));
  const level = made[0]?.made.determinism ?? '';
  return `${level} is the lowest level for native programs; ${made.length} of ${made.length} runs gave one canonical outcome, raw variance ${rawVariance}; touched: ${touched(made) || 'nothing'}`;
}

/** Sources of non-determinism that the program used, each with the most that a run used it. */
function touched(made: readonly RunThatWasMade[]): string {
  const counts = new Map<string, number>();
  for (const run of made) {
    for (const [source, count] of Object.entries(run.made.nonDeterminism)) counts.set(source, Math.max(counts.get(source) ?? 0, count));
  }
  return [...counts].filter(([, count]) => count > 0).sort(([a], [b]) => (a < b ? -1 : 1)).map(([source, count]) => `${source} ${count}`).join(', ');
}
