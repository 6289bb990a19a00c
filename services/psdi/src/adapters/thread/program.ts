import { parentPort, workerData } from 'node:worker_threads';
import { isDomainError } from '@stella/errors';
import { HeldComputations } from './computations.js';
import type { FromThread, ThreadData, ToThread } from './messages.js';

const computations = new HeldComputations(workerData as ThreadData);

parentPort?.on('message', (message: ToThread) => {
  parentPort?.postMessage(answer(message));
});

/** What is no typed error is a defect, and ends the thread with its stack. */
function answer({ id, what, args }: ToThread): FromThread {
  try {
    return { id, answer: (computations[what] as (...args: readonly unknown[]) => unknown)(...args) };
  } catch (error) {
    if (!isDomainError(error)) throw error;
    return { id, error: { reason: error.reason, facts: error.facts } };
  }
}
