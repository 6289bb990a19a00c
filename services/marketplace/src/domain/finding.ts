/** Steps that must all have passed before a pack goes live. */
export const REQUIRED_CHECKS = ['signature', 'manifest', 'digests', 'paths', 'personal-data', 'archives', 'formats', 'identifiers', 'licence', 'visibility', 'build-ids'] as const;
/** Steps that others do, where they are installed. */
export const OPTIONAL_CHECKS = ['malware'] as const;
export type CheckName = (typeof REQUIRED_CHECKS)[number] | (typeof OPTIONAL_CHECKS)[number];

/** `error`: the step could not run, which is never as good as passed. */
export type FindingState = 'passed' | 'failed' | 'error' | 'not-run';

/** What one validation step found. */
export interface Finding {
  readonly check: CheckName;
  readonly state: FindingState;
  /** A reason of the catalogue; empty where the step passed. */
  readonly reason: string;
  readonly detail: string;
}

/** A finding that is not a pass, before it is known which step it belongs to. */
export interface Problem {
  readonly state: 'failed' | 'error';
  readonly reason: string;
  readonly detail: string;
}

export const failed = (reason: string, detail: string): Problem => ({ state: 'failed', reason, detail });
export const errored = (reason: string, detail: string): Problem => ({ state: 'error', reason, detail });
export const passed = (check: CheckName, detail = ''): Finding => ({ check, state: 'passed', reason: '', detail });

/**
 * What findings allow. A pack passes only if every required step says so and none says otherwise: a step that left
 * nothing did not pass.
 */
export function conclusionOf(findings: readonly Finding[]): 'passed' | 'failed' | 'unchecked' {
  if (findings.some(({ state }) => state === 'failed')) return 'failed';
  const isError = findings.some(({ state }) => state === 'error');
  const isWhole = REQUIRED_CHECKS.every((check) => findings.some((finding) => finding.check === check && finding.state === 'passed'));
  return isWhole && !isError ? 'passed' : 'unchecked';
}
