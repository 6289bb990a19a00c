import { type Check, checkArchives, checkDigests, checkFormats, checkIdentifiers, checkPersonalData, checkVisibility } from '../domain/checks.js';
import { type CheckName, errored, type Finding, passed, type Problem } from '../domain/finding.js';
import { packFilesOf } from '../domain/inspected-pack.js';
import type { Manifest } from '../domain/manifest.js';
import type { PackFile } from '../domain/pack.js';
import { limits } from '../limits.js';
import type { InspectFiles } from './inspect-files.js';
import { checkLicence, type LicencePolicy } from './licence-check.js';

export interface Validation {
  readonly findings: readonly Finding[];
  readonly files: readonly PackFile[];
}

/** Runs the checks that look at a pack by itself; each leaves a finding at least, also when it breaks. */
export class ValidatePack {
  readonly #checks: readonly (readonly [CheckName, Check])[];

  constructor(
    private readonly inspect: InspectFiles,
    licences: LicencePolicy,
  ) {
    this.#checks = [
      ['digests', checkDigests],
      ['personal-data', checkPersonalData],
      ['archives', checkArchives(limits)],
      ['formats', checkFormats],
      ['identifiers', checkIdentifiers],
      ['licence', checkLicence(licences)],
      ['visibility', checkVisibility],
    ];
  }

  async execute(manifest: Manifest): Promise<Validation> {
    const inspected = await this.inspect.execute(manifest, AbortSignal.timeout(limits.validationTimeoutMs));
    const findings = this.#checks.flatMap(([name, check]) => findingsOf(name, () => check(inspected)));
    return { findings: [...findings, { check: 'malware', state: 'not-run', reason: '', detail: 'no scanner is configured' }], files: packFilesOf(inspected) };
  }
}

/** A finding a problem, or one that says passed; a check that throws is an error and nothing else. */
export function findingsOf(check: CheckName, run: () => readonly Problem[]): readonly Finding[] {
  const problems = attempt(run);
  if (problems.length === 0) return [passed(check)];
  const shown = problems.slice(0, limits.findingsPerCheckMax).map(({ state, reason, detail }) => ({ check, state, reason, detail: detail.slice(0, limits.findingDetailCharsMax) }));
  const hidden = problems.slice(limits.findingsPerCheckMax);
  // What is left out must not look better than what is shown.
  const worst = hidden.find(({ state }) => state === 'failed') ?? hidden[0];
  return worst ? [...shown, { check, state: worst.state, reason: worst.reason, detail: `${hidden.length} more` }] : shown;
}

function attempt(run: () => readonly Problem[]): readonly Problem[] {
  try {
    return run();
  } catch (error) {
    return [errored('PACK_CHECK_UNAVAILABLE', error instanceof Error ? error.name : 'unknown')];
  }
}

