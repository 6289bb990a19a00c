import type { Command } from 'commander';
import { paginate } from '@stella/client';
import { Incident } from '@stella/contracts/stella/frvf/v1alpha/frvf';
import { DomainError, isDomainError } from '@stella/errors';
import { incidentById, INCIDENTS } from '@stella/incidents';
import { collect } from '../collect.js';
import { digestIn, integer, onRun, subcommand } from '../command.js';
import { ensureIncident } from '../gate/ensure-incident.js';
import type { CliIo } from '../io/cli-io.js';
import { incidentTitle } from '../releases/release-names.js';
import { facts, table } from '../render/table.js';
import type { Session } from '../session.js';

interface AddOptions {
  readonly title?: string;
  readonly exitCode?: number;
  readonly stdoutSha256?: string;
}

export function addIncident(program: Command, io: CliIo): void {
  const group = program.command('incident').description('Failures that were observed, and what counts as fixed');
  onRun(subcommand(group, 'list', 'Incidents of the tenant, and public ones that it has not registered', 'stella incident list'), io, list);

  const add = subcommand(group, 'add <id>', 'Register an incident; a public one needs its id only', "stella incident add checkout-417 --title 'panics on an empty cart' --exit-code 0")
    .option('--title <text>', 'one line')
    .option('--exit-code <n>', 'of a program that is fixed', integer(0, 255))
    .option('--stdout-sha256 <digest>', 'of what a fixed program prints; absent: whatever it prints');
  onRun<AddOptions>(add, io, async (session, [id = ''], options) => show(session, await register(session, id, options)));

  onRun(subcommand(group, 'show <id>', 'One incident', 'stella incident show esbuild-3205'), io, (session, [id = '']) => show(session, nameOf(id)));
}

const nameOf = (id: string): string => (id.startsWith('incidents/') ? id : `incidents/${id}`);

async function list(session: Session): Promise<void> {
  const { frvf } = await session.client();
  const { items } = await collect(paginate(frvf.listIncidents, {}, (page) => page.incidents, session.call));
  const known = new Set(items.map(({ name }) => name));
  const open = INCIDENTS.filter(({ id }) => !known.has(nameOf(id)));
  session.output.answer({ incidents: items.map((incident) => Incident.toJSON(incident)), publicIncidents: open.map(({ id }) => id) }, () =>
    table(['incident', 'state', 'title'], [...items.map(({ name, title }) => [name, 'registered', title]), ...open.map((incident) => [nameOf(incident.id), 'public', incidentTitle(incident)])]),
  );
}

async function register(session: Session, id: string, { title, exitCode, stdoutSha256 }: AddOptions): Promise<string> {
  if (exitCode === undefined) return ensureIncident(session, publicIncident(id));
  const digest = stdoutSha256 === undefined ? '' : digestIn(stdoutSha256);
  if (digest === undefined) throw new DomainError('USAGE_INVALID', { option: '--stdout-sha256', wanted: '64 hexadecimal digits' });
  const { frvf } = await session.client();
  await frvf.createIncident({ incidentId: id, title: title ?? '', passPredicate: { exitCode, stdoutSha256: digest } }, session.call);
  return nameOf(id);
}

function publicIncident(id: string): ReturnType<typeof incidentById> {
  try {
    return incidentById(id);
  } catch (error) {
    if (!isDomainError(error, 'INCIDENT_UNKNOWN')) throw error;
    throw new DomainError('USAGE_INVALID', { option: '--exit-code', wanted: 'what counts as fixed, because no public incident has this id', public: INCIDENTS.map((incident) => incident.id).join(', ') });
  }
}

async function show(session: Session, name: string): Promise<void> {
  const { frvf } = await session.client();
  const { incident } = await frvf.getIncident({ name }, session.call);
  if (!incident) throw new DomainError('ANSWER_INCOMPLETE', { call: 'GetIncident' });
  const { title, passPredicate, createTime } = incident;
  session.output.answer({ incident: Incident.toJSON(incident) }, () =>
    facts([
      ['incident', incident.name],
      ['title', title],
      ['fixed when it exits with', String(passPredicate?.exitCode ?? '')],
      ['and prints SHA-256', passPredicate?.stdoutSha256 || 'anything'],
      ['registered', createTime?.toISOString() ?? ''],
    ]),
  );
}
