/** What went wrong with a server, and what to do about it. */
export class ServerError extends Error {
  /**
   * @param {string} problem
   * @param {string} [nextStep] a command or a sentence
   * @param {ErrorOptions} [options]
   */
  constructor(problem, nextStep, options) {
    super(nextStep === undefined ? problem : `${problem}\n  what to do: ${nextStep}`, options);
    this.name = 'ServerError';
  }
}
