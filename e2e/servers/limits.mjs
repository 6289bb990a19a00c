// A busy machine is slow, not broken; what hangs is found all the same.

/** From the start of the process to the first healthy answer. */
export const START_TIMEOUT_MS = 600_000;
/** Of one question whether a server is healthy. */
export const HEALTH_TIMEOUT_MS = 10_000;
export const HEALTH_POLL_MS = 200;
/** How long a server that runs but does not answer is given before it is started anew. */
export const RECOVERY_TIMEOUT_MS = 30_000;
/** From the polite signal to the kill. */
export const STOP_TIMEOUT_MS = 20_000;
/** How long a port may stay taken by a server that has just ended. */
export const PORT_TIMEOUT_MS = 3_000;
/** A start that ends at once is tried again: a port may have been taken since it was chosen. */
export const START_ATTEMPTS_MAX = 3;
/** Of one installation: the slowest is a cold build of MinIO on a busy machine. */
export const INSTALL_TIMEOUT_MS = 60 * 60_000;
/** Of waiting for whoever starts or builds the same thing. */
export const LOCK_TIMEOUT_MS = INSTALL_TIMEOUT_MS;
export const LOCK_POLL_MS = 100;
export const LOG_BYTES_MAX = 32 << 20;
export const LOG_LINES_SHOWN = 25;
