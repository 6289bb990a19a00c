import type { Command } from 'commander';
import { parseEnvelope, parseStatement, publicKeyFromPem } from '@stella/attestation';
import { paginate } from '@stella/client';
import { Withdrawal } from '@stella/contracts/stella/gate/v1alpha/gate';
import { digestIn, onRun, subcommand } from '../command.js';
import type { CliIo } from '../io/cli-io.js';
import { fileAt, readInput } from '../io/files.js';
import { limits } from '../limits.js';
import { facts, indented, table } from '../render/table.js';

import { renderWithdrawal, slimWithdrawal } from '../render/withdrawal.js';
import type { Session } from '../session.js';
import { incomplete, reasonAndNote, type WithdrawalOptions, withReason } from './withdrawal-options.js';

/** `stella trust revoke-key, revoke-policy, revocations`: what the tenant takes back for good, and the list that says so. */
export function addTrustRevocations(group: Command, io: CliIo): void {
  const key = withReason(subcommand(group, 'revoke-key <key>', 'Take a key (fingerprint, or file of a public key) back for good, with every verdict that rests on it', 'stella trust revoke-key psdi.pub.pem --reason compromised'));
  onRun<WithdrawalOptions>(key, io, async (session, [text = ''], options) => {
    const fingerprint = await fingerprintOf(io, text);
    const { gate } = await session.client();
    const { withdrawal } = await gate.revokeTrustedKey({ fingerprint, ...reasonAndNote(options) }, session.call);
    tell(session, withdrawal ?? incomplete('RevokeTrustedKey'));
  });

  const policy = withReason(subcommand(group, 'revoke-policy <policy>', 'Take a policy (digest, or name of one in force) back for good, with every verdict under it', 'stella trust revoke-policy sha256:1f2e… --reason defective'));
  onRun<WithdrawalOptions>(policy, io, async (session, [text = ''], options) => {
    const policySha256 = digestIn(text) ?? (await policyNamed(session, text));
    const { gate } = await session.client();
    const { withdrawal } = await gate.revokePolicy({ policySha256, ...reasonAndNote(options) }, session.call);
    tell(session, withdrawal ?? incomplete('RevokePolicy'));
  });

  onRun(subcommand(group, 'revocations', 'What the signed revocation list says now', 'stella trust revocations'), io, async (session) => {
    const { gate } = await session.client();
    const { revocationList } = await gate.getTrust({}, session.call);
    // Shown as its issuer gave it; who relies on it verifies it with `stella verify`.
    const list = parseStatement(parseEnvelope(revocationList).payload).predicate as unknown as ShownList;
    session.output.answer({ revocations: list }, () => renderList(list));
  });
}

interface ShownList {
  readonly issuer: string;
  readonly tenant: string;
  readonly version: number;
  readonly issuedAt: string;
  readonly validUntil: string;
  readonly entries: readonly { readonly kind: string; readonly id: string; readonly reason: string; readonly at: string }[];
}

function renderList({ issuer, tenant, version, issuedAt, validUntil, entries }: ShownList): string {
  const head = facts([['list of', `${issuer}, tenant ${tenant}`], ['version', String(version)], ['issued', issuedAt], ['valid until', validUntil], ['entries', String(entries.length)]]);
  if (entries.length === 0) return head;
  const shown = entries.slice(-limits.rowsMax).map(({ at, kind, reason, id }) => [at, kind, reason, id]);
  return `${head}\n\n${indented(table(['at', 'kind', 'reason', 'id'], shown))}`;
}

function tell(session: Session, withdrawal: Withdrawal): void {
  session.output.answer({ withdrawal: Withdrawal.toJSON(slimWithdrawal(withdrawal)) }, () => `${renderWithdrawal(withdrawal)}\n\nHand out the revocation list again: stella trust export`);
}

/** Of a file with a public key; what is neither goes on as it is, and is refused by the service. */
async function fingerprintOf(io: CliIo, text: string): Promise<string> {
  const digest = digestIn(text);
  if (digest !== undefined) return digest;
  const file = await fileAt(io, text);
  return file ? publicKeyFromPem((await readInput(io, file.path, limits.keyBytesMax)).toString('utf8')).fingerprint : text;
}

async function policyNamed(session: Session, text: string): Promise<string> {
  const { gate } = await session.client();
  for await (const { name, sha256 } of paginate(gate.listPolicies, {}, (page) => page.policies, session.call)) {
    if (name === text || name === `policies/${text}`) return sha256;
  }
  return text;
}
