import type { Command } from 'commander';
import { paginate } from '@stella/client';
import { Withdrawal, WithdrawalKind } from '@stella/contracts/stella/gate/v1alpha/gate';
import { collect } from '../collect.js';
import { integer, onRun, subcommand } from '../command.js';
import type { CliIo } from '../io/cli-io.js';
import { limits } from '../limits.js';
import { digestOfSubject } from '../releases/register-artifact.js';
import { table } from '../render/table.js';
import { renderWithdrawal, slimWithdrawal, wordOf } from '../render/withdrawal.js';
import { incomplete, reasonAndNote, type WithdrawalOptions, withReason } from './withdrawal-options.js';

/** `stella candidate`: bars a release from going out, and lets it again. */
export function addCandidate(program: Command, io: CliIo): void {
  const group = program.command('candidate').description('Releases that may not go out, whatever the evidence says');
  const withdraw = withReason(subcommand(group, 'withdraw <release>', 'Bar a release: its verdicts are taken back, and every evaluation of it is a DENY', "stella candidate withdraw esbuild@0.18.12 --reason vulnerable --note 'CVE-2026-1'"));
  onRun<WithdrawalOptions>(withdraw, io, async (session, [release = ''], options) => {
    const candidateSha256 = await digestOfSubject(session, release);
    const { gate } = await session.client();
    const { withdrawal } = await gate.withdrawCandidate({ candidateSha256, ...reasonAndNote(options) }, session.call);
    const said = withdrawal ?? incomplete('WithdrawCandidate');
    session.output.answer({ withdrawal: Withdrawal.toJSON(slimWithdrawal(said)) }, () => `${renderWithdrawal(said)}\n\nHand out the revocation list again: stella trust export`);
  });

  const reinstate = withReason(subcommand(group, 'reinstate <release>', 'Lift a withdrawal; what was taken back stays so, a new evaluation is possible', 'stella candidate reinstate esbuild@0.18.12 --reason mistaken'));
  onRun<WithdrawalOptions>(reinstate, io, async (session, [release = ''], options) => {
    const candidateSha256 = await digestOfSubject(session, release);
    const { gate } = await session.client();
    const { withdrawal } = await gate.reinstateCandidate({ candidateSha256, ...reasonAndNote(options) }, session.call);
    const said = withdrawal ?? incomplete('ReinstateCandidate');
    session.output.answer({ withdrawal: Withdrawal.toJSON(slimWithdrawal(said)) }, () => `${renderWithdrawal(said)}\n\nIt may be evaluated again: stella gate`);
  });

  const list = subcommand(group, 'list', 'What was withdrawn or reinstated, newest first', 'stella candidate list').option('--count <n>', 'how many at most', integer(1, limits.rowsMax), 50);
  onRun<{ readonly count: number }>(list, io, async (session, _, { count }) => {
    const { gate } = await session.client();
    const kind = WithdrawalKind.WITHDRAWAL_KIND_CANDIDATE;
    const { items } = await collect(paginate(gate.listWithdrawals, { kind }, (page) => page.withdrawals, session.call), count);
    session.output.answer({ withdrawals: items.map((item) => Withdrawal.toJSON(slimWithdrawal(item))) }, () => table(['at', 'standing', 'reason', 'by', 'candidate', 'note'], items.map(row)));
  });
}

function row({ time, inForce, reason, by, sha256, note }: Withdrawal): string[] {
  return [time?.toISOString() ?? '', inForce ? 'withdrawn' : 'reinstated', wordOf(reason), by, sha256, note];
}
