// The process of a replay's Job: `main.js fetch` in its first container, `main.js run` in its second. It has neither
// credentials nor a configuration: what it needs is in the manifest that its link leads to.
import { writeFileSync } from 'node:fs';
import { DomainError, isDomainError } from '@stella/errors';
import { fetchInputs, runJob } from './run-job.js';
import { TransferFailed } from './transfer.js';

/** What the worker tells apart; see `adapters/jobs/pod-state.ts`. */
const EXIT = { inputsAway: 10, refused: 11, resultNotTaken: 12 } as const;
/** Shown in the pod's status, so that it must be short and hold nothing of the program. */
const TERMINATION_LOG = '/dev/termination-log';

const { STELLA_JOB_FOLDER: folder = '/work', STELLA_JOB_MANIFEST_URL: manifestUrl = '', STELLA_JOB_MANIFEST_SHA256: manifestSha256 = '', STELLA_JOB_CA: certificateAuthority } = process.env;
const mode = process.argv[2];
try {
  if (mode === 'fetch') await fetchInputs({ folder, manifestUrl, manifestSha256, certificateAuthority });
  else if (mode === 'run') await runJob(folder, certificateAuthority);
  else throw new DomainError('USAGE_INVALID', { given: String(mode), wanted: 'fetch or run' });
} catch (error) {
  const isTransfer = error instanceof TransferFailed;
  const told = isDomainError(error) ? `${error.reason} ${JSON.stringify(error.facts)}` : (error as Error).message;
  process.stderr.write(`${(error as Error).stack ?? told}\n`);
  try {
    writeFileSync(TERMINATION_LOG, told.slice(0, 500));
  } catch {
    // Outside of a pod there is none.
  }
  process.exitCode = isTransfer ? (mode === 'fetch' ? EXIT.inputsAway : EXIT.resultNotTaken) : isDomainError(error) ? EXIT.refused : 1;
}
