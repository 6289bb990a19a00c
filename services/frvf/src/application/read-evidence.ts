import type { PredicateType } from '@stella/attestation';
import type { Evidence, EvidenceStore } from './ports.js';

/** The envelope of a witness or a result that the caller may see. */
export class ReadEvidence {
  constructor(private readonly evidence: EvidenceStore) {}

  /** @throws DomainError BLOB_NOT_FOUND, BLOB_DIGEST_MISMATCH */
  execute(predicateType: PredicateType, sha256: string): Promise<Evidence> {
    return this.evidence.read(predicateType, sha256);
  }
}
