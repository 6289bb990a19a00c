import { isStellaError, StellaError } from '@stella/client/errors';

/** A program under the name that it was given on the command line. */
export interface NamedArtifact {
  /** What it is to the command, e.g. `candidate`. */
  readonly role: string;
  /** As it was typed. */
  readonly name: string;
  readonly sha256: string;
}

/** Does what is asked of a service; where it fails because of one of these programs, the error says which one. */
export async function naming<T>(artifacts: readonly NamedArtifact[], work: () => Promise<T>): Promise<T> {
  try {
    return await work();
  } catch (error) {
    if (!isStellaError(error)) throw error;
    // The service knows a program by its digest.
    const roles = artifacts.filter(({ sha256 }) => sha256 === error.facts['sha256']).map(({ role, name }) => [role, name] as const);
    if (roles.length === 0) throw error;
    const { reason, code, message, facts, next, violations } = error;
    throw new StellaError({ reason, code, message, facts: { ...Object.fromEntries(roles), ...facts }, next, violations, cause: error });
  }
}
