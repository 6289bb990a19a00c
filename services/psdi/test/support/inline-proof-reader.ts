import type { PublicKey } from '@stella/attestation';
import type { ProofReader } from '../../src/application/ports.js';
import { type EnvelopeFinding, type IndexPair, type ProofFinding, readProof, verifyProof } from '../../src/domain/read-proof.js';

const SIZE_BYTES_MAX = 16 << 20;

/** The port's fake: reads where it is called. */
export class InlineProofReader implements ProofReader {
  constructor(private readonly keys: readonly PublicKey[]) {}

  async open(envelope: Uint8Array): Promise<EnvelopeFinding> {
    return readProof(envelope, this.keys, SIZE_BYTES_MAX).finding;
  }

  async verify(envelope: Uint8Array, indexes: IndexPair): Promise<ProofFinding> {
    const { proof } = readProof(envelope, this.keys, SIZE_BYTES_MAX);
    if (proof === undefined) throw new Error('the envelope was refused when it was opened');
    return verifyProof(proof, indexes);
  }
}
