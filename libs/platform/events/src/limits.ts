export const KEY_BYTES_MAX = 1_024;
export const PAYLOAD_BYTES_MAX = 1 << 20;
export const TOPIC_CHARS_MAX = 200;
export const TENANT_CHARS_MAX = 200;
export const SOURCE_CHARS_MAX = 200;
export const TRACEPARENT_CHARS_MAX = 256;
/** What of an error is kept with a dead letter. */
export const ERROR_CHARS_MAX = 2_000;

/** Keys of one subscription handled at the same time, unless it says otherwise. */
export const CONCURRENCY = 4;
/** First events of keys that a consumer reads at a time. */
export const HEADS_BATCH = 64;
/** Events that the relay takes at a time, and the bytes of their payloads. */
export const RELAY_BATCH = 500;
export const RELAY_BATCH_BYTES = 8 << 20;
/** What a listener that missed its notification waits at most. */
export const POLL_MS = 2_000;
/** How long a retry that is due by our clock is looked for by that of the database. */
export const RETRY_LOOK_MS = 50;
/** While another transaction of the server is open, a committed event may have to wait for it. */
export const UNSETTLED_POLL_MS = 20;
export const SETTLE_TIMEOUT_MS = 30_000;
/** What a stop gives to handlers at work, before and after it tells them to give up. */
export const DRAIN_TIMEOUT_MS = 5_000;
export const ABORT_TIMEOUT_MS = 2_000;
const DAY_MS = 24 * 3_600_000;
/** What topics keep where nobody says otherwise (`deploy/kafka/topics.json`). */
export const TOPIC_RETENTION_MS = 7 * DAY_MS;
/**
 * How much longer than its topic an inbox has to know an event. Once a row is gone the same event is a new one, and is
 * handled again: after a group's offsets were lost or reset, whatever the topic still has comes again. That is more than
 * the topic's retention: Kafka drops whole segments, when the newest event of one is that old, and fills a segment for up
 * to seven days (`segment.ms`). One day more is for brokers that look late and for clocks.
 */
export const DUPLICATES_AFTER_TOPIC_MS = 8 * DAY_MS;
/** The connection that hears and locks is asked this often whether it still is one, and given up without an answer in time. */
export const SESSION_PING_MS = 10_000;
export const SESSION_STATEMENT_TIMEOUT_MS = 10_000;
/** A loop that has not turned for this long is stuck; its slowest step is a statement with a time-out of 30 s. */
export const LOOP_TURN_AGE_MS = 180_000;
/** Not ready: a topic takes nothing for this long. Longer than a broker's restart, which calls need not notice. */
export const HELD_NOT_READY_MS = 60_000;
/** Between readings of what waits, for the metrics. */
export const BACKLOG_READING_MS = 15_000;

/** How long a service keeps events that it is done with. */
export interface EventRetention {
  /** Sent and handled ones, to answer what happened and to know a late duplicate. */
  readonly handledMs: number;
  /**
   * Dead letters that nobody took; undefined: for ever. They need no tombstone when they go: as long as the topic may bring
   * an event again (`DUPLICATES_AFTER_TOPIC_MS`) its dead letter has to stay, as a handled event has to.
   */
  readonly deadLettersMs?: number | undefined;
}

export const RETENTION: EventRetention = { handledMs: 30 * DAY_MS };

/** How often and after what pauses a failing event is tried again before it becomes a dead letter. */
export interface RetryPolicy {
  readonly attemptsMax: number;
  /** For reasons of the kind `unavailable`: a part that is down is no fault of the event. */
  readonly attemptsMaxWhenUnavailable: number;
  readonly pauseMs: number;
  readonly pauseMsMax: number;
}

export const RETRY: RetryPolicy = { attemptsMax: 6, attemptsMaxWhenUnavailable: 60, pauseMs: 100, pauseMsMax: 30_000 };

/** For what is tried until it succeeds: a broker that returns is noticed within seconds. */
export const RELAY_RETRY: RetryPolicy = { ...RETRY, pauseMsMax: 5_000 };

/** Doubles with each attempt; between half and all of it, so that failures at once do not come back at once. */
export function pauseBefore(attempt: number, policy: RetryPolicy, random: () => number = Math.random): number {
  return Math.min(policy.pauseMs * 2 ** Math.min(attempt - 1, 20), policy.pauseMsMax) * (0.5 + random() / 2);
}
