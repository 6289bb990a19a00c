import { type Chore, Housekeeping } from '@stella/platform-database';
import { housekeepingReports } from '@stella/platform-telemetry';
import type { EventParticipant } from './attached-events.js';
import type { ForgottenLetters } from './dead-letter.js';
import type { Inbox } from './inbox.js';
import { RETENTION } from './limits.js';
import type { Outbox } from './outbox.js';

/** Takes away what a service has been done with for long enough; apart from relay and consumers, which may never be idle. */
export function eventHousekeeping({ name, logger, metrics, retention = RETENTION }: EventParticipant, outbox: Outbox, inbox: Inbox): Housekeeping {
  const { handledMs, deadLettersMs } = retention;
  const lettersRemoved = metrics.counter('events_dead_letters_removed_total', 'Dead letters that nobody took within their retention, by consumer and topic.', ['consumer', 'topic']);

  const tell = (letters: readonly ForgottenLetters[]): number => {
    for (const { consumer, topic, count } of letters) {
      lettersRemoved.inc({ consumer, topic }, count);
      logger.warn({ consumer, topic, count, deadLettersMs }, 'dead letters were removed: nobody took them in time');
    }
    return letters.reduce((sum, { count }) => sum + count, 0);
  };
  const chores: Chore[] = [
    { what: 'sent events', forget: (rowsMax) => outbox.forgetSent(handledMs, rowsMax) },
    { what: 'handled events', forget: (rowsMax) => inbox.forgetHandled(handledMs, rowsMax) },
  ];
  if (deadLettersMs !== undefined) {
    chores.push(
      { what: 'refused events', forget: async (rowsMax) => tell(await outbox.forgetRefused(deadLettersMs, rowsMax)) },
      { what: 'dead letters', forget: async (rowsMax) => tell(await inbox.forgetDeadLetters(deadLettersMs, rowsMax)) },
    );
  }
  return new Housekeeping(chores, housekeepingReports(name, logger, metrics));
}
