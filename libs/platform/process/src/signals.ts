import { EXIT } from './exit-code.js';

/** Resolves with the first of the signals. The next one ends the process at once: whoever sends it does not want to wait. */
export function endsOnce(signals: readonly NodeJS.Signals[]): Promise<NodeJS.Signals> {
  return new Promise((resolve) => {
    let isAsked = false;
    for (const signal of signals) {
      process.on(signal, () => {
        if (isAsked) process.exit(EXIT.failed);
        isAsked = true;
        resolve(signal);
      });
    }
  });
}
