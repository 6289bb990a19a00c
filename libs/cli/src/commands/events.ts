import type { Command } from 'commander';
import { isStellaError, paginate, SERVICE_NAMES, type ServiceName, type StellaError } from '@stella/client';
import { DeadLetter, GetDeadLetterResponse } from '@stella/contracts/stella/events/v1alpha/dead_letters';
import { DomainError } from '@stella/errors';
import { collect, type Collected } from '../collect.js';
import { groupOf, integer, many, onRun, subcommand } from '../command.js';
import { EXIT } from '../exit-code.js';
import type { CliIo } from '../io/cli-io.js';
import { limits } from '../limits.js';
import { renderDeadLetter, renderDeadLetters } from '../render/dead-letter.js';
import type { Session } from '../session.js';

interface ListOptions {
  readonly service?: readonly string[];
  readonly type?: string;
  readonly count: number;
}

/** Of one service: what it answered, or why it did not. */
type Answer = { readonly service: ServiceName } & (Collected<DeadLetter> | { readonly error: StellaError });

/** `stella events dead-letters`: events that a service gave up. */
export function addEvents(program: Command, io: CliIo): void {
  const group = groupOf(groupOf(program, 'events', 'What services tell each other'), 'dead-letters', 'Events that were given up: look at why, mend it, hand them out again');
  const list = subcommand(group, 'list', 'Dead letters of every service, the oldest first; 4 when a service did not answer', 'stella events dead-letters list --service psdi')
    .option('--service <name>', `only of this one: ${SERVICE_NAMES.join(', ')}; may be repeated`, many)
    .option('--type <event>', 'only events of this type, e.g. stella.frvf.witness-recorded.v1alpha')
    .option('--count <n>', 'how many of a service at most', integer(1, limits.rowsMax), 100);
  onRun<ListOptions>(list, io, async (session, _, { service, type = '', count }) => {
    const services = service === undefined ? SERVICE_NAMES : [...new Set(service.map(serviceIn))];
    const answers = await Promise.all(services.map((name) => listOf(session, name, type, count)));
    const failed = answers.flatMap((answer) => ('error' in answer ? [answer] : []));
    const answered = answers.flatMap((answer) => ('error' in answer ? [] : [answer]));
    if (answered.length === 0 && failed[0] !== undefined) throw failed[0].error;
    for (const { service: name, isCut } of answered) if (isCut) session.output.note(`${name} has more: --service ${name} --count …`);
    for (const { service: name, error } of failed) session.output.note(`${name} did not answer: ${error.reason}: ${error.message}`);
    const letters = answered.flatMap(({ items }) => items);
    session.output.answer({ deadLetters: letters.map((letter) => DeadLetter.toJSON(letter)), unanswered: failed.map(({ service: name, error }) => ({ service: name, reason: error.reason })) }, () => renderDeadLetters(letters));
    return failed.length > 0 ? EXIT.couldNotCheck : EXIT.ok;
  });

  onRun(subcommand(group, 'show <name>', 'One dead letter, also after it was redelivered; with --json its payload too, if that has at most 64 KiB', 'stella events dead-letters show psdi/12'), io, async (session, [given = '']) => {
    const { service, name } = letterIn(given);
    const answer = await (await session.client()).deadLetters(service).getDeadLetter({ name }, session.call);
    const { deadLetter } = answer;
    if (!deadLetter) throw new DomainError('ANSWER_INCOMPLETE', { call: 'GetDeadLetter' });
    session.output.answer(GetDeadLetterResponse.toJSON(answer), () => renderDeadLetter(deadLetter));
  });

  onRun(subcommand(group, 'redeliver <name>', 'Hand a dead letter out again; safe to repeat, an effect happens once', 'stella events dead-letters redeliver psdi/12'), io, async (session, [given = '']) => {
    const { service, name } = letterIn(given);
    const { deadLetter } = await (await session.client()).deadLetters(service).redeliverDeadLetter({ name }, session.call);
    if (!deadLetter) throw new DomainError('ANSWER_INCOMPLETE', { call: 'RedeliverDeadLetter' });
    session.output.answer({ deadLetter: DeadLetter.toJSON(deadLetter) }, () => renderDeadLetter(deadLetter));
  });
}

/** A service that fails must not hide what the others have to tell. */
async function listOf(session: Session, service: ServiceName, eventType: string, count: number): Promise<Answer> {
  const letters = (await session.client()).deadLetters(service);
  const request = { parent: `services/${service}`, eventType, pageSize: Math.min(count + 1, 1_000) };
  try {
    return { service, ...(await collect(paginate(letters.listDeadLetters, request, (page) => page.deadLetters, session.call), count)) };
  } catch (error) {
    if (isStellaError(error)) return { service, error };
    throw error;
  }
}

/** `services/psdi/deadLetters/12` or, shorter, `psdi/12`. */
function letterIn(text: string): { service: ServiceName; name: string } {
  const [, service = '', id] = /^(?:services\/)?([a-z-]{1,63})\/(?:deadLetters\/)?([a-z0-9-]{1,64})$/.exec(text) ?? [];
  if (id === undefined) throw new DomainError('USAGE_INVALID', { argument: 'name', given: text.slice(0, 200), wanted: 'services/<service>/deadLetters/<id>, as `list` prints it' });
  return { service: serviceIn(service), name: `services/${service}/deadLetters/${id}` };
}

function serviceIn(text: string): ServiceName {
  const known = SERVICE_NAMES.find((name) => name === text);
  if (known === undefined) throw new DomainError('USAGE_INVALID', { given: text.slice(0, 100), wanted: `a service: ${SERVICE_NAMES.join(', ')}` });
  return known;
}
