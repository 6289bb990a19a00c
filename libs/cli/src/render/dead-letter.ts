import { type DeadLetter, DeadLetterState } from '@stella/contracts/stella/events/v1alpha/dead_letters';
import { facts, table } from './table.js';
import { enumWord } from './witness.js';

export function renderDeadLetters(letters: readonly DeadLetter[]): string {
  if (letters.length === 0) return 'no dead letters';
  return table(
    ['event', 'key', 'reason', 'attempts', 'given up', 'name'],
    letters.map(({ eventType, key, reason, attempts, lastFailureTime, name }) => [eventType, key, reason, String(attempts), lastFailureTime?.toISOString() ?? '', name]),
  );
}

export function renderDeadLetter(letter: DeadLetter): string {
  const { name, state, consumer, eventType, eventId, source, key, eventTime, reason, error, attempts, firstFailureTime, lastFailureTime, redeliveryCount, traceId, payloadSizeBytes, payloadSha256, deliverable } = letter;
  return facts([
    ['name', name],
    ['state', enumWord(DeadLetterState, state, 'DEAD_LETTER_STATE_')],
    ['event', `${eventType}  ${eventId}`],
    ['from', source],
    ['at', eventTime?.toISOString() ?? ''],
    ['key', key],
    ['consumer', deliverable ? consumer : `${consumer}: handles it no more`],
    ['reason', reason],
    ['error', error || (reason === 'INTERNAL' ? `in the log of the service${traceId === '' ? '' : ', by the trace id'}` : '')],
    ['attempts', String(attempts)],
    ['first failure', firstFailureTime?.toISOString() ?? ''],
    ['last failure', lastFailureTime?.toISOString() ?? ''],
    ['redelivered', redeliveryCount === 0 ? '' : redeliveryCount === 1 ? 'once' : `${redeliveryCount} times`],
    ['trace id', traceId],
    ['payload', state === DeadLetterState.DEAD_LETTER_STATE_DONE && payloadSizeBytes === 0n ? 'not kept' : `${payloadSizeBytes} bytes, sha256:${payloadSha256}`],
  ]);
}
