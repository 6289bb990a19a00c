import type { Command } from 'commander';
import { paginate } from '@stella/client';
import { Policy } from '@stella/contracts/stella/gate/v1alpha/gate';
import { onRun, subcommand } from '../command.js';
import { collect } from '../collect.js';
import type { CliIo } from '../io/cli-io.js';
import { table } from '../render/table.js';

export function addPolicy(program: Command, io: CliIo): void {
  const group = program.command('policy').description('Policies that releases are held against');
  onRun(subcommand(group, 'list', 'Policies in force', 'stella policy list'), io, async (session) => {
    const { gate } = await session.client();
    const { items, isCut } = await collect(paginate(gate.listPolicies, {}, (page) => page.policies, session.call));
    if (isCut) session.output.note('there are more');
    session.output.answer({ policies: items.map((policy) => Policy.toJSON(policy)) }, () =>
      table(
        ['name', 'version', 'rules', 'expires', 'sha256'],
        items.map(({ name, version, rules, expireTime, sha256 }) => [name.replace('policies/', ''), String(version), String(rules.length), expireTime?.toISOString() ?? '', sha256]),
      ),
    );
  });
}
