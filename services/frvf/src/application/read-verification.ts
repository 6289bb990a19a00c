import { DomainError } from '@stella/errors';
import { type Verification, verificationName } from '../domain/verification.js';
import { awaitEnd } from './await-change.js';
import type { Changes, Key, VerificationRepository } from './ports.js';

export class ReadVerification {
  constructor(
    private readonly verifications: VerificationRepository,
    private readonly changes: Changes,
  ) {}

  /** As it is, or as it is once it has ended within the time. @throws DomainError VERIFICATION_NOT_FOUND */
  execute(key: Key, wait: { readonly waitMs: number; readonly signal: AbortSignal }): Promise<Verification> {
    return awaitEnd(this.changes, `${key.tenant} ${verificationName(key.id)}`, wait, async () => {
      const value = await this.verifications.find(key);
      if (!value) throw new DomainError('VERIFICATION_NOT_FOUND', { verification: key.id });
      return { value, isEnded: value.state !== 'running' };
    });
  }
}
