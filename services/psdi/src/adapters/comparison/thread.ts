import { parentPort } from 'node:worker_threads';
import { isDomainError } from '@stella/errors';
import { Comparisons } from './comparisons.js';
import type { FromThread, ToThread } from './messages.js';

const comparisons = new Comparisons();

parentPort?.on('message', ({ id, request }: ToThread) => {
  parentPort?.postMessage(answer(id, request));
});

/** What is no typed error is a defect, and ends the thread with its stack. */
function answer(id: number, request: ToThread['request']): FromThread {
  try {
    return { id, answer: comparisons.answer(request) };
  } catch (error) {
    if (!isDomainError(error)) throw error;
    return { id, error: { reason: error.reason, facts: error.facts } };
  }
}
