import type { Command } from 'commander';
import { Verdict } from '@stella/contracts/stella/gate/v1alpha/gate';
import { many, onRun, subcommand } from '../command.js';
import type { ExitCode } from '../exit-code.js';
import { evaluate } from '../gate/evaluate.js';
import { prepareIncidents, readClaims, sentencesOf } from '../gate/prepare-claims.js';
import { requireDecidable } from '../gate/require-decidable.js';
import { saveBundle } from '../gate/save-bundle.js';
import type { CliIo } from '../io/cli-io.js';
import { localRelease } from '../releases/local-release.js';
import { naming } from '../releases/naming.js';
import { registerRelease } from '../releases/register-artifact.js';
import { outcomeOf, renderVerdict, slimVerdict } from '../render/verdict.js';
import type { Session } from '../session.js';

interface GateOptions {
  readonly baseline: string;
  readonly candidate: string;
  readonly claim?: readonly string[];
  readonly policy: string;
  readonly bundle?: string;
  readonly resourceUri?: string;
  readonly baselineRuns?: boolean;
  readonly fresh?: boolean;
  readonly verbose?: boolean;
}

const EXAMPLE = `stella gate --baseline esbuild@0.18.11 --candidate esbuild@0.18.12 --baseline-runs \\
    --claim 'fixes incident esbuild-3205' --claim 'changes internal/js_parser.*'`;

/** `stella gate`: 0 ALLOW, 1 DENY, 3 REVIEW, 4 no verdict. */
export function addGate(program: Command, io: CliIo): void {
  const command = subcommand(program, 'gate', 'Decide about a release: 0 ALLOW, 1 DENY, 3 REVIEW, 4 no verdict', EXAMPLE)
    .requiredOption('--baseline <release>', 'what runs now: a known release, or a path')
    .requiredOption('--candidate <release>', 'what wants to run')
    .option('--claim <sentence>', 'what the author says has changed; may be repeated', many)
    .option('--policy <name>', 'rebuild, fast-patch, standard, strict or a published policy', 'standard')
    .option('--bundle <file>', 'where the evidence bundle goes (default: stella-<verdict>.bundle.json)')
    .option('--resource-uri <uri>', 'package URL or image reference of the candidate, for its VSA')
    .option('--baseline-runs', 'the baseline is deployed; without this it must have a verdict itself')
    .option('--fresh', 'evaluate again although a verdict of the same question exists')
    .option('--verbose', 'show the facts of the decision too');
  onRun<GateOptions>(command, io, (session, _, options) => decide(session, options), { isNoAnAnswer: true });
}

async function decide(session: Session, options: GateOptions): Promise<ExitCode> {
  const claims = readClaims(options.claim ?? []);
  const startMs = performance.now();
  const [oldFile, newFile] = [await localRelease(session.io, options.baseline), await localRelease(session.io, options.candidate)];
  const baseline = await registerRelease(session, oldFile);
  const candidate = { ...(await registerRelease(session, newFile)), ...(options.resourceUri !== undefined && { resourceUri: options.resourceUri }) };
  const policy = `policies/${options.policy}`;
  const named = [
    { role: 'candidate', name: options.candidate, sha256: candidate.sha256 },
    { role: 'baseline', name: options.baseline, sha256: baseline.sha256 },
  ];
  const verdict = await naming(named, async () => {
    await requireDecidable(session, policy, [candidate.sha256, baseline.sha256]);
    await prepareIncidents(session, claims, baseline.sha256);
    return evaluate(session, { baseline, candidate, claims: sentencesOf(claims), policy, baselineBasis: options.baselineRuns ? 'runs' : '', fresh: options.fresh ?? false });
  });
  const bundle = await saveBundle(session, verdict, options.bundle);
  const { word, exitCode } = outcomeOf(verdict);
  const elapsedMs = Math.round(performance.now() - startMs);
  session.output.answer({ outcome: word, exitCode, elapsedMs, bundle, verdict: Verdict.toJSON(slimVerdict(verdict)) }, () =>
    [renderVerdict(verdict, { isVerbose: options.verbose ?? false }), `Evidence bundle: ${bundle}`].join('\n\n'),
  );
  return exitCode;
}
