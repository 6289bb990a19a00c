import { type PredicateType, PREDICATE_TYPES, type PublicKey, requireSubject, sha256Hex, type Signer, signStatement, verifyStatement } from '@stella/attestation';
import type { BlobStore } from '@stella/platform-blobs';
import { type MicroWitness, parseVerifyResult, parseWitness, type VerifyResult } from '@stella/witness';
import type { Evidence, EvidenceStore } from '../application/ports.js';

const ENVELOPE_BYTES_MAX = 16 << 20;

/** Envelopes by their SHA-256. Nothing that is read back is believed before its signature has been checked. */
export class BlobEvidenceStore implements EvidenceStore {
  constructor(
    private readonly blobs: BlobStore,
    private readonly signer: Signer,
    /** Keys whose evidence still counts; the signer's is among them. */
    private readonly keys: readonly PublicKey[],
  ) {}

  async sign(predicateType: PredicateType, artifactSha256: string, predicate: object): Promise<string> {
    const subjects = [{ name: `artifacts/${artifactSha256}`, sha256: artifactSha256 }];
    const envelope = await signStatement({ subjects, predicateType, predicate }, this.signer);
    const { sha256 } = await this.blobs.put(envelope, { expectedSha256: sha256Hex(envelope) });
    return sha256;
  }

  async read(predicateType: PredicateType, sha256: string): Promise<Evidence> {
    return { sha256, predicateType, envelope: await this.blobs.bytes(sha256, ENVELOPE_BYTES_MAX) };
  }

  async witness(sha256: string): Promise<MicroWitness> {
    const statement = await this.#verified(PREDICATE_TYPES.microWitness, sha256);
    const witness = parseWitness(statement.predicate);
    requireSubject(statement, witness.core.artifact.sha256);
    return witness;
  }

  async verifyResult(sha256: string): Promise<VerifyResult> {
    const statement = await this.#verified(PREDICATE_TYPES.verifyResult, sha256);
    const result = parseVerifyResult(statement.predicate);
    requireSubject(statement, result.artifactSha256);
    return result;
  }

  async #verified(predicateType: PredicateType, sha256: string) {
    const { envelope } = await this.read(predicateType, sha256);
    return verifyStatement(envelope, this.keys, { predicateType, sizeBytesMax: ENVELOPE_BYTES_MAX }).statement;
  }
}
