import { isDomainError } from '@stella/errors';
import { isCacheable, type Verification } from '../domain/verification.js';
import type { EvidenceStore } from './ports.js';

/** Whether a stored result may answer: young, a verdict, and signed by us for this very key. */
export class VerifyResultCache {
  constructor(
    private readonly evidence: EvidenceStore,
    private readonly clock: () => Date,
  ) {}

  async holds(verification: Verification | undefined): Promise<boolean> {
    if (!verification?.result || !isCacheable(verification, this.clock())) return false;
    try {
      const signed = await this.evidence.verifyResult(verification.result.evidenceSha256);
      return signed.cacheKey === verification.id && signed.outcome === verification.result.outcome && signed.tenant === verification.tenant;
    } catch (error) {
      // An envelope that is gone, altered or of a key that no longer counts is as good as none: it is replayed.
      if (isDomainError(error)) return false;
      throw error;
    }
  }
}
