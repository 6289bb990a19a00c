import { join } from 'node:path';
import { type Command, InvalidArgumentError, Option } from 'commander';
import { integer, many, onRun, subcommand } from '../command.js';
import type { CliIo } from '../io/cli-io.js';
import { writeOutput } from '../io/files.js';
import { facts, table } from '../render/table.js';
import { buildRoot, type BuildOptions } from '../trust/build-root.js';
import { addTrustRevocations } from './trust-revocations.js';

const DAY_MS = 86_400_000;
const VALID_DAYS_MAX = 3_650;
const WITNESSES_MAX = 100;

/** `stella trust`: what others need to check verdicts, how a production installation makes it, and what is taken back. */
export function addTrust(program: Command, io: CliIo): void {
  const group = program.command('trust').description('What others need to check verdicts of this installation');
  addExport(group, io);
  addBuild(group, io);
  addTrustRevocations(group, io);
}

function addExport(group: Command, io: CliIo): void {
  const exportTrust = subcommand(group, 'export', 'Write the trust root and the revocation list as files', 'stella trust export --out trust/').requiredOption('--out <folder>', 'where the files go');
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

const EXAMPLE = `stella trust build --card keys/card.json --root-key keys/root/root-key.pem \\
    --partner northwind.card.json --out trust/`;

function addBuild(group: Command, io: CliIo): void {
  const build = subcommand(group, 'build', 'Sign the next trust root of a production installation; safe to repeat', EXAMPLE)
    .requiredOption('--card <file>', 'the public keys of the installation, as `stella keys create` wrote it')
    .requiredOption('--root-key <pem file>', 'the private root key')
    .requiredOption('--out <folder>', 'trust-root.json and root-keys.pem; a root that is there is followed by the next version')
    .option('--partner <file>', 'the card of another installation whose word counts as a partner\'s; may be repeated', many)
    .option('--without <organisation>', 'believed until now, and no more; may be repeated', many)
    .option('--earlier-root-key <pem file>', 'a public root key that still counts, while it is being replaced; may be repeated', many)
    .addOption(new Option('--valid-for <days>', 'how long the root is valid').argParser(days).default(365 * DAY_MS, '365d'))
    .option('--witnesses <n>', 'how many organisations must have cosigned the log; default: as before', integer(0, WITNESSES_MAX));
  onRun<Omit<BuildOptions, 'validMs'> & { readonly validFor: number }>(build, io, async (session, _, { validFor, ...options }) => {
    const { root, trustRoot, rootKeys, isNew } = await buildRoot(io, { ...options, validMs: validFor });
    const keys = root.keys.map(({ name, organisation, roles, validUntil, publicKey }) => ({ name, organisation, roles, validUntil: validUntil.toISOString(), fingerprint: publicKey.fingerprint }));
    session.output.answer({ trustRoot, rootKeys, version: root.version, digest: root.digest, validUntil: root.validUntil.toISOString(), isNew, keys }, () =>
      [
        facts([
          ['trust root', `${trustRoot}${isNew ? '' : '  (unchanged: it says the same, and is valid for long)'}`],
          ['root keys', rootKeys],
          ['version', String(root.version)],
          ['valid until', root.validUntil.toISOString()],
          ['root key', `${root.signedBy?.fingerprint} (tell it to whoever verifies, by other means)`],
        ]),
        table(['organisation', 'may sign', 'until', 'key'], keys.map(({ organisation, roles, validUntil, fingerprint }) => [organisation, roles.join(' '), validUntil, fingerprint.slice(0, 16)])),
      ].join('\n\n'),
    );
  });
}

function days(text: string): number {
  const amount = /^(?<days>\d{1,4})d?$/.exec(text)?.groups?.['days'];
  if (amount !== undefined && Number(amount) >= 1 && Number(amount) <= VALID_DAYS_MAX) return Number(amount) * DAY_MS;
  throw new InvalidArgumentError(`days, e.g. 365d, at most ${VALID_DAYS_MAX}.`);
}
