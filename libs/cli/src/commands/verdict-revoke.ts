import type { Command } from 'commander';
import { Verdict, Withdrawal } from '@stella/contracts/stella/gate/v1alpha/gate';
import { onRun, subcommand } from '../command.js';
import type { CliIo } from '../io/cli-io.js';
import { slimVerdict } from '../render/verdict.js';
import { renderWithdrawal, slimWithdrawal } from '../render/withdrawal.js';
import { incomplete, reasonAndNote, type WithdrawalOptions, withReason } from './withdrawal-options.js';

const NOTE = 'no note';

/** `stella verdict revoke`. @param nameOf the resource name in what was typed */
export function addVerdictRevoke(group: Command, io: CliIo, nameOf: (text: string) => string): void {
  const revoke = withReason(
    subcommand(group, 'revoke <verdict>', 'Take a verdict back; its candidate is withdrawn with it, until an administrator reinstates it', "stella verdict revoke verdicts/1f2e… --reason defective --note 'the baseline was not what ran'"),
  );
  onRun<WithdrawalOptions>(revoke, io, async (session, [name = ''], options) => {
    const { gate } = await session.client();
    const { reason: word, note } = reasonAndNote(options);
    const { verdict, withdrawal } = await gate.revokeVerdict({ verdict: nameOf(name), reason: note || NOTE, word }, session.call);
    const revoked = verdict ?? incomplete('RevokeVerdict');
    session.output.answer({ verdict: Verdict.toJSON(slimVerdict(revoked)), ...(withdrawal && { withdrawal: Withdrawal.toJSON(slimWithdrawal(withdrawal)) }) }, () =>
      [`${revoked.name} is taken back`, ...(withdrawal ? [renderWithdrawal(withdrawal)] : []), 'Hand out the revocation list again: stella trust export'].join('\n\n'),
    );
  });
}
