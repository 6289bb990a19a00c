/** 8 MiB: what one upload holds in memory is two of these, whatever its size. S3 wants 5 MiB at least and 10,000 parts at most. */
export const PART_BYTES = 8 << 20;
/** A request that brought nothing for this long is given up, and tried again where that is safe. */
export const IDLE_TIMEOUT_MS = 20_000;
/** From a request to the head of its answer, the sending of a part included. */
export const ANSWER_TIMEOUT_MS = 60_000;
export const ATTEMPTS_MAX = 5;
export const RETRY_PAUSE_MS = 100;
export const RETRY_PAUSE_MS_MAX = 5_000;
/** An answer that is no object is XML of at most a page of names. */
export const ERROR_BODY_BYTES_MAX = 65_536;
export const CONNECTIONS_MAX = 64;
/** A link works for at most this long (S3's own bound). */
export const LINK_TTL_MS_MAX = 7 * 24 * 3_600_000;
/** Uploads that nobody finished are swept when they are older; longer than any link lives in practice. */
export const STALE_MS = 24 * 3_600_000;
/** Taken away by one sweep; what is left over waits for the next one. */
export const SWEPT_MAX = 10_000;
export const SWEEP_EVERY_MS = 6 * 3_600_000;
/** 10 GiB of local copies of what lies in the store. */
export const CACHE_BYTES_MAX = 10 * 2 ** 30;
/** A local copy that was handed out stays at least this long, whoever needs room: longer than any local tool may run. */
export const CACHE_LEASE_MS = 15 * 60_000;
/** What a process that died was writing. */
export const CACHE_UNFINISHED_MS = 3_600_000;
