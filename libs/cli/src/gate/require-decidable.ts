import { paginate } from '@stella/client';
import { DomainError } from '@stella/errors';
import type { Session } from '../session.js';

/**
 * Asks at once for what would end the decision only after the replays: a policy that is not there, a program of which
 * nobody can say what it consists of, a lifter that does not work. The gate finds again what is made here.
 * @param policy `policies/<name>`
 * @throws DomainError POLICY_NOT_FOUND; StellaError INPUT_NOT_ELF, NATIVE_CRASHED … with the artifact's `sha256`
 */
export async function requireDecidable(session: Session, policy: string, artifacts: readonly string[]): Promise<void> {
  session.output.progress('lifting both builds');
  const { psdi } = await session.client();
  await Promise.all([requirePolicy(session, policy), ...artifacts.map((artifactSha256) => psdi.createIndex({ artifactSha256 }, session.call))]);
}

async function requirePolicy(session: Session, policy: string): Promise<void> {
  const { gate } = await session.client();
  const known: string[] = [];
  for await (const { name } of paginate(gate.listPolicies, {}, (page) => page.policies, session.call)) known.push(name);
  if (!known.includes(policy)) throw new DomainError('POLICY_NOT_FOUND', { policy, known: known.join(', ') });
}
