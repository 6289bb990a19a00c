import type { Command } from 'commander';
import { onRun, subcommand } from '../command.js';
import type { CliIo } from '../io/cli-io.js';
import { checkOrganisation } from '../keys/installation-card.js';
import { InstallationKeys } from '../keys/key-folder.js';
import { facts, table } from '../render/table.js';

/** `stella keys`: the keys of a production installation, as files that become secrets. */
export function addKeys(program: Command, io: CliIo): void {
  const group = program.command('keys').description('The private keys of a production installation');
  const create = subcommand(group, 'create', 'Make the keys that are missing; safe to repeat. Keep root/ away from the cluster', 'stella keys create --organisation acme.example --out keys/')
    .requiredOption('--organisation <domain>', 'whose installation it is')
    .requiredOption('--out <folder>', 'one folder for each service, each its own secret');
  onRun<{ readonly organisation: string; readonly out: string }>(create, io, async (session, _, { organisation, out }) => {
    const keys = new InstallationKeys(io, out);
    const kept = await keys.create(checkOrganisation(organisation));
    session.output.answer({ keys: kept, card: keys.cardPath }, () =>
      [table(['key', 'fingerprint', 'file', ''], kept.map(({ name, fingerprint, path, isNew }) => [name, fingerprint.slice(0, 16), path, isNew ? 'new' : ''])), facts([['card', `${keys.cardPath}  (public: for \`stella trust build\` and for partners)`]])].join('\n\n'),
    );
  });

  const rotate = subcommand(group, 'rotate <key>', 'A new key in place of one; build the trust root again before a service uses it', 'stella keys rotate gate/verdict --keys keys/').requiredOption('--keys <folder>', 'as `stella keys create` made it');
  onRun<{ readonly keys: string }>(rotate, io, async (session, [name = ''], { keys: folder }) => {
    const { kept, retired } = await new InstallationKeys(io, folder).rotate(name);
    session.output.answer({ key: kept, retired }, () => facts([['new key', kept.path], ['fingerprint', kept.fingerprint], ['retired', retired]]));
  });
}
