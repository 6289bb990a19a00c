import type { Lock } from '../application/ports.js';

/** A lock of the transaction by name; freed with it. */
export const advisoryLock: Lock = async (tx, what) => {
  await tx.execute('SELECT pg_advisory_xact_lock(hashtextextended($1, 0))', [what]);
};
