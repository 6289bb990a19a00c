import type { Command } from 'commander';
import { Option } from 'commander';
import { paginate } from '@stella/client';
import { OutcomeClass, Verification, Witness } from '@stella/contracts/stella/frvf/v1alpha/frvf';
import { DomainError } from '@stella/errors';
import { awaitWork } from '../await-work.js';
import { collect } from '../collect.js';
import { integer, many, onRun, subcommand } from '../command.js';
import { EXIT, type ExitCode } from '../exit-code.js';
import type { CliIo } from '../io/cli-io.js';
import { artifactOf } from '../releases/register-artifact.js';
import { facts, table } from '../render/table.js';
import { renderVerification, renderWitness, slimVerification, slimWitness } from '../render/witness.js';
import type { Session } from '../session.js';
import { CAPS, recordRequest, type RecordOptions } from '../witness/record-request.js';

interface ReplayOptions {
  readonly artifact: string;
  readonly replays: number;
  readonly fresh?: boolean;
  readonly expect: 'fixed' | 'reproduced';
}

const RECORD_EXAMPLE = "stella witness record --incident checkout-417 --artifact ./checkout --stdin cart.json -- --mode=ci";
const OUTCOME_OF = { fixed: OutcomeClass.OUTCOME_CLASS_FIXED, reproduced: OutcomeClass.OUTCOME_CLASS_REPRODUCED } as const;

export function addWitness(program: Command, io: CliIo): void {
  const group = program.command('witness').description('The smallest recordings that make incidents happen again');
  const record = subcommand(group, 'record [args...]', 'Record an incident on the artifact that has it; arguments of the program follow --', RECORD_EXAMPLE)
    .requiredOption('--incident <id>', 'which incident')
    .requiredOption('--artifact <release>', 'a known release, a path, or the digest of a registered artifact')
    .option('--stdin <file>', 'its standard input')
    .option('--file <path=source>', 'a file in its working folder; may be repeated', many)
    .option('--env <name=value>', 'its environment; may be repeated', many)
    .addOption(new Option('--canonicaliser <id>', 'what differs between equal runs and is left out').choices(['identity/1', 'go-panic/1']).default('identity/1'))
    .addOption(new Option('--expected-cap <cap>', 'reaching this cap is the failure').choices(CAPS))
    .option('--memory <bytes>', 'memory cap', integer(1, 17_179_869_184), 2 * 1024 ** 3)
    .option('--wall-ms <n>', 'cap on its wall time', integer(1, 600_000));
  onRun<RecordOptions>(record, io, async (session, args, options) => {
    const { frvf } = await session.client();
    const artifact = await artifactOf(session, options.artifact);
    const { witness } = await frvf.recordWitness(await recordRequest(io, artifact.sha256, args, options), session.call);
    show(session, await awaitWork(session, 'recording', witness, (name, waitMs) => getWitness(session, name, waitMs)));
  });

  const replay = subcommand(group, 'replay <witness>', 'Replay a witness on an artifact: 0 as expected, 1 otherwise, 4 could not be run', 'stella witness replay witnesses/3f… --artifact esbuild@0.18.12')
    .requiredOption('--artifact <release>', 'a known release, a path, or the digest of a registered artifact')
    .option('--replays <n>', 'how often: 5 quick, 20 gate, 59 badge', integer(1, 1_000), 20)
    .option('--fresh', 'replay again, whatever the cache holds')
    .addOption(new Option('--expect <outcome>', 'what makes it a success').choices(['fixed', 'reproduced']).default('fixed'));
  onRun<ReplayOptions>(replay, io, (session, [witness = ''], options) => replayWitness(session, nameOf(witness), options), { isNoAnAnswer: true });

  onRun(subcommand(group, 'show <witness>', 'One witness', 'stella witness show witnesses/3f…'), io, async (session, [name = '']) => {
    show(session, (await getWitness(session, nameOf(name), 0)) ?? incomplete('GetWitness'));
  });

  const list = subcommand(group, 'list', 'Witnesses, newest first', 'stella witness list --incident esbuild-3205').option('--incident <id>', 'only of this one');
  onRun<{ readonly incident?: string }>(list, io, async (session, _, { incident }) => {
    const { frvf } = await session.client();
    const filter = incident === undefined ? '' : `incidents/${incident.replace('incidents/', '')}`;
    const { items } = await collect(paginate(frvf.listWitnesses, { incident: filter }, (page) => page.witnesses, session.call));
    session.output.answer({ witnesses: items.map((witness) => Witness.toJSON(slimWitness(witness))) }, () =>
      table(['incident', 'artifact', 'recorded', 'name'], items.map((witness) => [witness.incident, witness.artifactSha256.slice(0, 12), witness.createTime?.toISOString() ?? '', witness.name])),
    );
  });
}

async function replayWitness(session: Session, witness: string, { artifact, replays, fresh, expect }: ReplayOptions): Promise<ExitCode> {
  const { frvf } = await session.client();
  const { sha256 } = await artifactOf(session, artifact);
  const { verification } = await frvf.createVerification({ witness, artifactSha256: sha256, replays, fresh: fresh ?? false }, session.call);
  const done = await awaitWork(session, `replaying ${replays} times`, verification, async (name, waitMs) => (await frvf.getVerification({ name, waitMs }, session.call)).verification);
  const exitCode = replayExitCode(done, expect);
  session.output.answer({ exitCode, verification: Verification.toJSON(slimVerification(done)) }, () => facts(renderVerification(done)));
  return exitCode;
}

function replayExitCode({ outcome }: Verification, expect: ReplayOptions['expect']): ExitCode {
  if (outcome === OutcomeClass.OUTCOME_CLASS_INFRASTRUCTURE || OutcomeClass[outcome] === undefined || outcome === OutcomeClass.OUTCOME_CLASS_UNSPECIFIED) return EXIT.couldNotCheck;
  return outcome === OUTCOME_OF[expect] ? EXIT.ok : EXIT.no;
}

function show(session: Session, witness: Witness): void {
  session.output.answer({ witness: Witness.toJSON(slimWitness(witness)) }, () => facts(renderWitness(witness)));
}

async function getWitness(session: Session, name: string, waitMs: number): Promise<Witness | undefined> {
  const { frvf } = await session.client();
  return (await frvf.getWitness({ name, waitMs }, session.call)).witness;
}

const nameOf = (text: string): string => (text.startsWith('witnesses/') ? text : `witnesses/${text}`);

function incomplete(call: string): never {
  throw new DomainError('ANSWER_INCOMPLETE', { call });
}
