import { join } from 'node:path';
import type { Command } from 'commander';
import { onRun, subcommand } from '../command.js';
import type { CliIo } from '../io/cli-io.js';
import { writeOutput } from '../io/files.js';
import { facts } from '../render/table.js';
import { addTrustRevocations } from './trust-revocations.js';

/** `stella trust export`: what `stella verify` needs from an installation; and what is taken back. */
export function addTrust(program: Command, io: CliIo): void {
  const group = program.command('trust').description('What others need to check verdicts of this installation');
  const exportTrust = subcommand(group, 'export', 'Write the trust root and the revocation list as files', 'stella trust export --out trust/').requiredOption('--out <folder>', 'where the files go');
  addTrustRevocations(group, io);
  onRun<{ readonly out: string }>(exportTrust, io, async (session, _, { out }) => {
    const { gate } = await session.client();
    const { trustRoot, revocationList, rootKeyFingerprint } = await gate.getTrust({}, session.call);
    const root = await writeOutput(io, join(out, 'trust-root.json'), trustRoot);
    const revocations = await writeOutput(io, join(out, 'revocations.json'), revocationList);
    session.output.answer({ trustRoot: root, revocations, rootKeyFingerprint }, () =>
      facts([
        ['trust root', root],
        ['revocations', revocations],
        ['root key', rootKeyFingerprint === '' ? 'none: a development root, which nobody signed' : `${rootKeyFingerprint} (compare it with what its owner tells you by other means)`],
      ]),
    );
  });
}
