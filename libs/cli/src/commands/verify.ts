import type { Command } from 'commander';
import { isDomainError } from '@stella/errors';
import { type Answer, verifyBundleCommand } from '@stella/verdict';
import { digestIn, integer, many, onRun, subcommand } from '../command.js';
import type { ExitCode } from '../exit-code.js';
import type { CliIo } from '../io/cli-io.js';
import { requireArtifactSize } from '../io/artifact-size.js';
import { fileAt, readInput, writeOutput } from '../io/files.js';
import { sha256OfPath } from '../io/sha256-of-path.js';
import { limits } from '../limits.js';
import { facts, indented, table } from '../render/table.js';
import type { Session } from '../session.js';

interface VerifyOptions {
  readonly trust: string;
  readonly subject: readonly string[];
  readonly policy: string;
  readonly revocations?: string;
  readonly revocationsMinVersion?: number;
  readonly seen?: string;
  readonly rootKey?: readonly string[];
  readonly maxAge?: string;
  readonly now?: string;
  readonly resourceUri?: string;
  readonly verifierId?: string;
}

const EXAMPLE = `stella verify stella-1f2e3d4c5b6a.bundle.json --trust trust-root.json --revocations revocations.json \\
    --subject ./esbuild --policy sha256:… --max-age 7d`;

/** `stella verify`: no network, no service, no file but those that are named. */
export function addVerify(program: Command, io: CliIo): void {
  const command = subcommand(program, 'verify <bundle>', 'Check an evidence bundle offline and decide again: 0 yes, 1 no, 3 REVIEW, 4 could not check', EXAMPLE)
    .requiredOption('--trust <file>', 'the trust root that you rely on')
    .requiredOption('--subject <digest or file>', 'the artifact that you ask about; may be repeated', many)
    .requiredOption('--policy <digest>', 'SHA-256 of the policy that you accept')
    .option('--revocations <file>', 'the signed revocation list; without it nothing can be checked to the end')
    .option('--revocations-min-version <n>', 'an older list is not believed', integer(1, Number.MAX_SAFE_INTEGER))
    .option('--seen <file>', 'remembers the trust root and list that were seen, and believes nothing older; made when it is not there')
    .option('--root-key <pem file>', 'public key that must have signed a production root; may be repeated', many)
    .option('--max-age <time>', 'how old the verdict may be: 30s, 15m, 12h, 7d')
    .option('--now <time>', 'the time to check at (RFC 3339); default: this machine\'s clock')
    .option('--resource-uri <uri>', 'what the verdict has to be about')
    .option('--verifier-id <uri>', 'who has to have issued it');
  onRun<VerifyOptions>(command, io, (session, [bundle = ''], options) => verify(session, bundle, options));
}

async function verify(session: Session, bundle: string, options: VerifyOptions): Promise<ExitCode> {
  const { io } = session;
  const document = (path: string): Promise<Buffer> => readInput(io, path, limits.documentBytesMax);
  const { exitCode, answer, seen } = verifyBundleCommand({
    bundle: await readInput(io, bundle, limits.bundleBytesMax),
    trustRoot: await document(options.trust),
    pinnedKeysPem: await Promise.all((options.rootKey ?? []).map(async (path) => (await readInput(io, path, limits.keyBytesMax)).toString('utf8'))),
    subjects: await Promise.all(options.subject.map((text) => subjectOf(io, text))),
    policy: options.policy,
    now: options.now === undefined ? io.now() : new Date(options.now),
    ...(options.revocations !== undefined && { revocationList: await document(options.revocations) }),
    ...(options.revocationsMinVersion !== undefined && { minRevocationsVersion: options.revocationsMinVersion }),
    ...(options.seen !== undefined && { seen: await seenBefore(io, options.seen) }),
    ...(options.maxAge !== undefined && { maxAge: options.maxAge }),
    ...(options.verifierId !== undefined && { verifierId: options.verifierId }),
    ...(options.resourceUri !== undefined && { resourceUri: options.resourceUri }),
  });
  // Before the answer: one that was given is remembered.
  if (options.seen !== undefined && seen) await writeOutput(io, options.seen, seen, { mode: 0o600 });
  session.output.answer({ exitCode, ...answer }, () => renderAnswer(answer));
  return exitCode;
}

/** No file: nothing was seen yet. A file that cannot be read is not the same. */
async function seenBefore(io: CliIo, path: string): Promise<Uint8Array> {
  try {
    return await readInput(io, path, limits.documentBytesMax);
  } catch (error) {
    if (isDomainError(error, 'FILE_UNREADABLE') && error.facts['problem'] === 'ENOENT') return new Uint8Array();
    throw error;
  }
}

/** What is neither a digest nor a file goes on as it is, and is refused as usage. */
async function subjectOf(io: CliIo, text: string): Promise<string> {
  if (digestIn(text) !== undefined) return text;
  const file = await fileAt(io, text);
  if (!file) return text;
  requireArtifactSize(text, file.stats);
  return sha256OfPath(file.path);
}

const HEADS = { yes: 'yes: ALLOW', review: 'REVIEW', no: 'no', 'could-not-check': 'could not check', usage: 'not asked properly' } as const;

function renderAnswer(answer: Answer): string {
  const head = HEADS[answer.answer];
  if (answer.answer === 'yes' || answer.answer === 'review') {
    const { verdict, verdictId } = answer;
    const about = facts([
      ['verdict', verdictId],
      ['candidate', `${verdict.candidate.label}  ${verdict.candidate.sha256}`],
      ['resource', verdict.candidate.resourceUri],
      ['verifier', verdict.verifierId],
      ['policy', `${verdict.policy.id}  ${verdict.policy.sha256}`],
      ['decided', verdict.decidedAt],
    ]);
    const unmet = answer.answer === 'review' ? [`Unmet rules: ${answer.unmetRules.length}`, indented(table(['rule', 'reason'], answer.unmetRules.map(({ id, reason }) => [id, reason])))] : [];
    return [head, indented(about), ...unmet].join('\n');
  }
  const why = answer.answer === 'no' ? `${answer.refusal}: ${answer.detail}` : answer.detail;
  return [`${head}: ${why}`, indented(facts(Object.entries(answer.facts)))].join('\n').trimEnd();
}
