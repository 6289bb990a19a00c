import type { RetryPolicy } from '../limits.js';

export const CONNECT_TIMEOUT_MS = 3_000;
export const REQUEST_TIMEOUT_MS = 10_000;
/** Of kafkajs itself: few, since whoever calls it tries again with a pause that it knows how to end. */
export const RETRIES = { initialRetryTime: 100, maxRetryTime: 1_000, retries: 3 } as const;
/**
 * Of a consumer: some ten minutes. One that waits for a broker's return is the same member of its group afterwards; a new
 * one would have to wait until the group gives up the one before it.
 */
export const CONSUMER_RETRIES = { initialRetryTime: 100, maxRetryTime: 1_000, retries: 600 } as const;
/** An idempotent producer must have one: a lost answer is asked for again under the same sequence number. */
export const PRODUCER_RETRIES = { initialRetryTime: 50, maxRetryTime: 500, retries: 1 } as const;
/** No answer to a whole send by then: its producer is given up. */
export const SEND_TIMEOUT_MS = 30_000;
/** For the answer to a question about topics and groups. */
export const ADMIN_TIMEOUT_MS = 15_000;
/** For a connection to be closed properly; it is forgotten otherwise. */
export const CLOSE_TIMEOUT_MS = 2_000;
/** Payloads of one request to one topic; below the size limit of a batch, which is that of a single message. */
export const SEND_BYTES = 512 * 1024;

/** How long the broker waits with its answer while there is nothing to fetch; a stop waits for it. */
export const FETCH_WAIT_MS = 1_000;
export const FETCH_BYTES = 4 << 20;
export const FETCH_BYTES_PER_PARTITION = 1 << 20;
/** A process that died is noticed after this long, and its partitions go to the others. */
export const SESSION_TIMEOUT_MS = 10_000;
export const REBALANCE_TIMEOUT_MS = 20_000;
export const HEARTBEAT_MS = 2_500;
/** What a stop gives to the batch in hand, the commit of its offset and the leave. */
export const INTAKE_STOP_TIMEOUT_MS = 5_000;
/** For what a disconnected consumer still had in hand; without it nothing is lost. */
export const LEFTOVER_TIMEOUT_MS = 1_000;

/** For a batch to be stored; more than a statement's own time-out, less than for ever. */
export const STORE_TIMEOUT_MS = 45_000;

/** While more wait in the inbox of a group, nothing is fetched for it until less than `INBOX_BACKLOG_LOW` do. */
export const INBOX_BACKLOG_MAX = 5_000;
export const INBOX_BACKLOG_LOW = 2_500;
/** Looks at the backlog while it grows from nothing to its bound, and the time between two while nothing is fetched. */
export const BACKLOG_LOOKS = 10;
export const BACKLOG_LOOK_MS = 250;

/** A consumer that its group has not heard of for this long is replaced, if the broker has been there for a while. */
export const STALL_MS = 45_000;
export const STALL_GRACE_MS = 20_000;
/** Not ready: nothing could be fetched for this long. Longer than a broker's restart, which calls need not notice. */
export const READY_POLL_AGE_MS = 60_000;
/** Not live: not even an attempt was made for this long. */
export const LIVE_SIGN_AGE_MS = 180_000;
/** Between looks for topics that were missing, and between readings of the lag. */
export const TOPICS_LOOK_MS = 10_000;
export const LAG_LOOK_MS = 15_000;

/** Pauses between lives of a consumer; the attempts have no end. */
export const RESTART: RetryPolicy = { attemptsMax: Infinity, attemptsMaxWhenUnavailable: Infinity, pauseMs: 200, pauseMsMax: 5_000 };
/** What of the headers of a message goes into a dead letter. */
export const HEADERS_MAX = 64;
export const HEADERS_BYTES_MAX = 16 * 1024;
