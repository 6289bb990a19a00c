import type { Command } from 'commander';
import { paginate } from '@stella/client';
import { Verdict } from '@stella/contracts/stella/gate/v1alpha/gate';
import { DomainError } from '@stella/errors';
import { collect } from '../collect.js';
import { digestIn, integer, onRun, subcommand } from '../command.js';
import { bundleFileName, saveBundle } from '../gate/save-bundle.js';
import type { CliIo } from '../io/cli-io.js';
import { limits } from '../limits.js';
import { digestOfSubject } from '../releases/register-artifact.js';
import { table } from '../render/table.js';
import { outcomeOf, renderVerdict, slimVerdict } from '../render/verdict.js';
import type { Session } from '../session.js';
import { addVerdictRevoke } from './verdict-revoke.js';

export function addVerdict(program: Command, io: CliIo): void {
  const group = program.command('verdict').description('Verdicts that were issued');
  const list = subcommand(group, 'list', 'Verdicts, newest first', 'stella verdict list --candidate esbuild@0.18.12')
    .option('--candidate <release>', 'only of this release, path or digest')
    .option('--count <n>', 'how many at most', integer(1, limits.rowsMax), 50);
  onRun<{ readonly candidate?: string; readonly count: number }>(list, io, async (session, _, { candidate, count }) => {
    const candidateSha256 = candidate === undefined ? '' : await digestOfSubject(session, candidate);
    const { gate } = await session.client();
    const { items } = await collect(paginate(gate.listVerdicts, { candidateSha256 }, (page) => page.verdicts, session.call), count);
    session.output.answer({ verdicts: items.map((verdict) => Verdict.toJSON(slimVerdict(verdict))) }, () => table(['issued', 'outcome', 'candidate', 'policy', 'name'], items.map(row)));
  });

  const show = subcommand(group, 'show <verdict>', 'One verdict; exits as `gate` does', 'stella verdict show verdicts/1f2e…')
    .option('--verbose', 'show the facts of the decision too')
    .option('--bundle <file>', 'save its evidence bundle');
  onRun<{ readonly verbose?: boolean; readonly bundle?: string }>(show, io, async (session, [name = ''], { verbose, bundle }) => {
    const verdict = await get(session, nameOf(name));
    const path = bundle === undefined ? undefined : await saveBundle(session, verdict, bundle || bundleFileName(verdict.name));
    const { word, exitCode } = outcomeOf(verdict);
    session.output.answer({ outcome: word, exitCode, ...(path !== undefined && { bundle: path }), verdict: Verdict.toJSON(slimVerdict(verdict)) }, () => renderVerdict(verdict, { isVerbose: verbose ?? false }));
    return exitCode;
  }, { isNoAnAnswer: true });

  addVerdictRevoke(group, io, nameOf);
}

async function get(session: Session, name: string): Promise<Verdict> {
  const { gate } = await session.client();
  return (await gate.getVerdict({ name }, session.call)).verdict ?? incomplete('GetVerdict');
}

function nameOf(text: string): string {
  const id = digestIn(text);
  return id === undefined ? text : `verdicts/${id}`;
}

function incomplete(call: string): never {
  throw new DomainError('ANSWER_INCOMPLETE', { call });
}

function row(verdict: Verdict): string[] {
  const { issueTime, candidate, policy, name } = verdict;
  return [issueTime?.toISOString() ?? '', outcomeOf(verdict).word, candidate?.label ?? '', policy.replace('policies/', ''), name];
}
