import { OperationState, OutcomeClass, type Verification, type Witness } from '@stella/contracts/stella/frvf/v1alpha/frvf';

type Lines = readonly (readonly [string, string])[];

/** `OUTCOME_CLASS_DIFFERENT_FAILURE` → `different failure`; numbers that this version does not know stay numbers. */
export function enumWord(names: Readonly<Record<number, string>>, value: number, prefix: string): string {
  return (names[value] ?? `unknown (${value})`).replace(prefix, '').toLowerCase().replaceAll('_', ' ');
}

export function renderWitness({ name, incident, artifactSha256, state, failureReason, failureDetail, canonicaliser, determinism, determinismReason, isolation, stackFormat, evidence, createTime }: Witness): Lines {
  return [
    ['witness', name],
    ['incident', incident],
    ['recorded on', artifactSha256],
    ['state', enumWord(OperationState, state, 'OPERATION_STATE_')],
    ['failure', [failureReason, failureDetail].filter(Boolean).join(': ')],
    ['canonicaliser', canonicaliser],
    ['determinism', [determinism, determinismReason].filter(Boolean).join(': ')],
    ['isolation', isolation],
    ['stack', stackFormat],
    ['evidence', evidence?.sha256 ?? ''],
    ['recorded', createTime?.toISOString() ?? ''],
  ];
}

export function renderVerification(verification: Verification): Lines {
  const { outcome, successes, replays, successLowerBoundPpm, canonicalVariance, rawVariance, capHit, cached, evidence } = verification;
  return [
    ['outcome', enumWord(OutcomeClass, outcome, 'OUTCOME_CLASS_')],
    ['replays', `${successes} of ${replays} as this outcome says; at least ${(successLowerBoundPpm / 10_000).toFixed(2)} % with 95 % confidence`],
    ['variance', `${canonicalVariance} canonical, ${rawVariance} raw`],
    ['cap hit', capHit],
    ['witness', verification.witness],
    ['artifact', verification.artifactSha256],
    ['from the cache', cached ? 'yes: nothing was run' : 'no'],
    ['evidence', evidence?.sha256 ?? ''],
    ['name', verification.name],
  ];
}

/** Without the envelope, which is fetched by its digest where it is wanted. */
export const slimWitness = (witness: Witness): Witness => ({ ...witness, stack: Buffer.alloc(0), evidence: slim(witness.evidence) });
export const slimVerification = (verification: Verification): Verification => ({ ...verification, evidence: slim(verification.evidence) });

function slim(evidence: Witness['evidence']): Witness['evidence'] {
  return evidence && { ...evidence, envelope: Buffer.alloc(0) };
}
