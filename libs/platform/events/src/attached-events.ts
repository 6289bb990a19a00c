import type { Database } from '@stella/platform-database';
import type { Logger, Metrics } from '@stella/platform-telemetry';
import type { DeadLetter } from './dead-letter.js';
import type { DeadLetterQuery, DeadLetterView, WholeDeadLetter } from './dead-letter-view.js';
import type { ServiceEvents } from './event-bus.js';
import type { EventRetention, RetryPolicy } from './limits.js';

/** What a service brings. */
export interface EventParticipant {
  readonly name: string;
  /** Its schema holds the tables of `EVENTS_MIGRATIONS`. */
  readonly database: Database;
  readonly logger: Logger;
  readonly metrics: Metrics;
  readonly clock?: () => Date;
  readonly retry?: RetryPolicy;
  /** Default: sent and handled events 30 days, dead letters for ever. */
  readonly retention?: EventRetention;
}

/** What is wrong with the flow of events, in words for an operator; empty lists: nothing. */
export interface EventsHealth {
  /** What does not flow at the moment, and may come back by itself. */
  readonly notReady: readonly string[];
  /** What has given no sign of life for so long that only a new process helps. */
  readonly notLive: readonly string[];
}

/** The events of one service, and the handle of whoever runs it. */
export interface AttachedEvents extends ServiceEvents {
  /** Relays and delivers from now on, beginning with what an earlier process left. */
  start(): Promise<void>;
  /** Finishes what is in hand within a deadline; the rest is delivered after the next start. */
  stop(): Promise<void>;
  /** The oldest first. */
  deadLetters(limit: number): Promise<DeadLetter[]>;
  /** What a tenant may know of its dead letters. @throws DomainError PAGE_TOKEN_INVALID: `after` is no id of ours */
  deadLettersOf(query: DeadLetterQuery): Promise<DeadLetterView[]>;
  /** One of a tenant, also after it was redelivered; with its payload if that has at most `bytesMax`. */
  deadLetter(id: string, tenant: string, bytesMax: number): Promise<WholeDeadLetter | undefined>;
  /** Whether there is still somebody here who would handle it. */
  isDeliverable(letter: DeadLetterView): boolean;
  /** Hands a dead letter to its consumer again; false if there is none of this id. */
  redeliver(id: string): Promise<boolean>;
  health(): EventsHealth;
}

/** Carries events between services, be they in this process or elsewhere. */
export interface EventBus {
  /** One call a service; it subscribes on the answer, and then starts it. */
  attach(service: EventParticipant): AttachedEvents;
  /**
   * Resolves when nothing is under way any more for the services attached here that run; for tests and for a demo.
   * @throws DomainError EVENTS_NOT_SETTLED with what still waits.
   */
  settle(timeoutMs?: number): Promise<void>;
}
