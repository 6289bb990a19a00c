import { type Command, Option } from 'commander';
import { paginate } from '@stella/client';
import { Delta, DeltaUnit, FunctionOccurrence, Index } from '@stella/contracts/stella/psdi/v1alpha/psdi';
import { DomainError } from '@stella/errors';
import { collect } from '../collect.js';
import { groupOf, integer, onRun, subcommand } from '../command.js';
import { EXIT } from '../exit-code.js';
import type { CliIo } from '../io/cli-io.js';
import { writeOutput } from '../io/files.js';
import { limits } from '../limits.js';
import { naming } from '../releases/naming.js';
import { artifactOf } from '../releases/register-artifact.js';
import { renderDelta, renderIndex, renderUnits, slimDelta, slimIndex } from '../render/delta.js';
import { facts, table } from '../render/table.js';
import type { Session } from '../session.js';

interface UnitOptions {
  readonly count: number;
  readonly kind?: string;
}

interface FindOptions {
  readonly name?: string;
  readonly e1?: string;
  readonly e2?: string;
  readonly count: number;
}

export function addDelta(program: Command, io: CliIo): void {
  const group = groupOf(program, 'delta', 'What a build changed in meaning');
  onRun(subcommand(group, 'index <release>', 'Lift a program and index its functions', 'stella delta index ./checkout'), io, async (session, [release = '']) => {
    const { psdi } = await session.client();
    const { sha256 } = await artifactOf(session, release);
    session.output.progress('lifting');
    const { index } = await naming([{ role: 'release', name: release, sha256 }], () => psdi.createIndex({ artifactSha256: sha256 }, session.call));
    if (!index) return incomplete('CreateIndex');
    session.output.answer({ index: Index.toJSON(slimIndex(index)) }, () => renderIndex(index));
  });

  const diff = withUnits(subcommand(group, 'diff <baseline> <candidate>', 'Compare two programs', 'stella delta diff esbuild@0.18.11 esbuild@0.18.12'), limits.changesShown);
  onRun<UnitOptions>(diff, io, async (session, [baseline = '', candidate = ''], options) => {
    const delta = await compare(session, baseline, candidate);
    const { items, isCut } = await functionsFirst(session, delta.name, options);
    session.output.answer({ delta: Delta.toJSON(slimDelta(delta)), units: items.map((unit) => DeltaUnit.toJSON(unit)), isCut }, () => renderDelta(delta, items, isCut));
  });

  const prove = subcommand(group, 'prove <baseline> <candidate>', 'Write the signed proof of what changed', 'stella delta prove esbuild@0.18.11 esbuild@0.18.12 --out esbuild.delta.json')
    .requiredOption('--out <file>', 'the proof: a DSSE envelope')
    .option('--scope <file>', 'the signed scope beside it, which claims are held against');
  onRun<{ readonly out: string; readonly scope?: string }>(prove, io, async (session, [baseline = '', candidate = ''], options) => {
    const delta = await compare(session, baseline, candidate);
    const proof = await writeOutput(io, options.out, delta.proof?.envelope ?? incomplete('CreateDelta'));
    const scope = options.scope === undefined ? undefined : await writeOutput(io, options.scope, delta.scope?.envelope ?? incomplete('CreateDelta'));
    session.output.answer({ delta: delta.name, proof, ...(scope !== undefined && { scope }), sha256: delta.proof?.sha256 }, () => facts([['delta', delta.name], ['proof', proof], ['scope', scope ?? ''], ['SHA-256', delta.proof?.sha256 ?? '']]));
  });

  const units = withUnits(subcommand(group, 'units <delta>', 'Everything that differs', 'stella delta units deltas/5e… --kind function'), limits.rowsMax);
  onRun<UnitOptions>(units, io, async (session, [name = ''], options) => {
    const { items, isCut } = await unitsOf(session, name.startsWith('deltas/') ? name : `deltas/${name}`, options);
    if (isCut) session.output.note(`there are more than ${items.length}`);
    session.output.answer({ units: items.map((unit) => DeltaUnit.toJSON(unit)), isCut }, () => renderUnits(items));
  });

  const find = subcommand(group, 'find', 'In which indexed artifacts does a function occur? 1: in none', "stella delta find --name 'internal/js_parser.(*parser).parseStmt'")
    .addOption(new Option('--name <function>', 'by its name').conflicts(['e1', 'e2']))
    .addOption(new Option('--e1 <digest>', 'by its exact identity').conflicts(['e2']))
    .option('--e2 <digest>', 'by its semantic identity')
    .option('--count <n>', 'how many at most', integer(1, limits.rowsMax), 100);
  onRun<FindOptions>(find, io, async (session, _, options) => {
    const { psdi } = await session.client();
    const { items } = await collect(paginate(psdi.findFunction, { identity: identityOf(options) }, (page) => page.occurrences, session.call), options.count);
    session.output.answer({ occurrences: items.map((occurrence) => FunctionOccurrence.toJSON(occurrence)) }, () =>
      table(['artifact', 'bytes', 'function'], items.map(({ artifactSha256, sizeBytes, functionName, unitId }) => [artifactSha256, String(sizeBytes), functionName || unitId])),
    );
    return items.length === 0 ? EXIT.no : EXIT.ok;
  }, { isNoAnAnswer: true });
}

function withUnits(command: Command, countDefault: number): Command {
  return command.option('--count <n>', 'how many units to show', integer(1, limits.rowsMax), countDefault).option('--kind <kind>', 'only function, data, metadata, header, padding or residual');
}

async function compare(session: Session, baseline: string, candidate: string): Promise<Delta> {
  const { psdi } = await session.client();
  const [old, next] = [await artifactOf(session, baseline), await artifactOf(session, candidate)];
  session.output.progress('comparing');
  const named = [
    { role: 'baseline', name: baseline, sha256: old.sha256 },
    { role: 'candidate', name: candidate, sha256: next.sha256 },
  ];
  const { delta } = await naming(named, () => psdi.createDelta({ baselineSha256: old.sha256, candidateSha256: next.sha256 }, session.call));
  return delta ?? incomplete('CreateDelta');
}

async function unitsOf(session: Session, parent: string, { count, kind }: UnitOptions) {
  const { psdi } = await session.client();
  return collect(paginate(psdi.listDeltaUnits, { parent, kind: kind ?? '', pageSize: Math.min(count + 1, 1_000) }, (page) => page.units, session.call), count);
}

/** What people look for first; the list itself is ordered by unit id. */
async function functionsFirst(session: Session, parent: string, options: UnitOptions) {
  if (options.kind !== undefined) return unitsOf(session, parent, options);
  const functions = await unitsOf(session, parent, { ...options, kind: 'function' });
  if (functions.isCut) return functions;
  const all = await unitsOf(session, parent, { count: options.count + functions.items.length });
  const items = [...functions.items, ...all.items.filter(({ kind }) => kind !== 'function')];
  return { items: items.slice(0, options.count), isCut: all.isCut || items.length > options.count };
}

function identityOf({ name, e1, e2 }: FindOptions) {
  if (name !== undefined) return { $case: 'functionName' as const, value: name };
  if (e1 !== undefined) return { $case: 'e1' as const, value: e1 };
  if (e2 !== undefined) return { $case: 'e2' as const, value: e2 };
  throw new DomainError('USAGE_INVALID', { wanted: 'one of --name, --e1 and --e2' });
}

function incomplete(call: string): never {
  throw new DomainError('ANSWER_INCOMPLETE', { call });
}
