/** Progress, for whoever waits at a terminal. @param {string} text */
export function report(text) {
  process.stderr.write(`servers: ${text}\n`);
}
