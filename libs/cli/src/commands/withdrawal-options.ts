import { type Command, Option } from 'commander';
import type { WithdrawalReason } from '@stella/contracts/stella/gate/v1alpha/gate';
import { DomainError } from '@stella/errors';
import { REASON_WORDS, reasonOf } from '../render/withdrawal.js';

export interface WithdrawalOptions {
  readonly reason: string;
  readonly note?: string;
}

/** Why: a word that everybody reads, and a note that stays with the tenant. */
export function withReason(command: Command): Command {
  return command.addOption(new Option('--reason <word>', 'why; the signed statement says it').choices(REASON_WORDS).default('unspecified')).option('--note <text>', 'more about it; stays with the tenant', '');
}

export function reasonAndNote({ reason, note = '' }: WithdrawalOptions): { readonly reason: WithdrawalReason; readonly note: string } {
  return { reason: reasonOf(reason), note };
}

export function incomplete(call: string): never {
  throw new DomainError('ANSWER_INCOMPLETE', { call });
}
