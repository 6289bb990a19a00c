import { type PublicKey, publicKeyFromPem, sha256Hex } from '@stella/attestation';
import type { OpenedProof } from '@stella/binary-delta';
import { DomainError } from '@stella/errors';
import { makeDelta, type MadeDelta } from '../../domain/make-delta.js';
import { type EnvelopeFinding, type IndexPair, type ProofFinding, type ReadProof, readProof, verifyProof } from '../../domain/read-proof.js';
import { recheckDelta, type RecheckFault } from '../../domain/recheck-delta.js';
import { limits } from '../../limits.js';
import { LruByBytes } from '../lru-by-bytes.js';
import { HeldIndex } from './held-index.js';
import type { Brought, Computations, SideRequest, ThreadData } from './messages.js';

/** A parsed proof takes about this many times the bytes of its envelope. */
const PROOF_IN_MEMORY_FACTOR = 8;

/** What a thread does, one request after the other. Indexes and proofs lately used stay parsed. */
export class HeldComputations implements Computations {
  readonly #indexes = new LruByBytes<HeldIndex>(limits.hotIndexBytesMax);
  readonly #proofs = new LruByBytes<ReadProof>(limits.hotProofBytesMax);
  readonly #keys: readonly PublicKey[];

  constructor({ keys }: ThreadData) {
    this.#keys = keys.map(publicKeyFromPem);
  }

  keep(brought: Brought): void {
    for (const [key, index] of held(brought)) this.#indexes.set(key, index, index.sizeBytes);
  }

  /** @throws DomainError as `Comparer.compare` */
  compare(old: SideRequest, next: SideRequest, brought: Brought): { made: MadeDelta } | { missing: readonly string[] } {
    const own = held(brought);
    // Both are found before anything is held: holding one may push out the other.
    const found = new Map([old, next].map(({ key }) => [key, own.get(key) ?? this.#indexes.get(key)]));
    const missing = [...found].filter(([, index]) => index === undefined).map(([key]) => key);
    if (missing.length > 0) return { missing };
    for (const [key, index] of own) this.#indexes.set(key, index, index.sizeBytes);
    const side = (request: SideRequest) => ({ ...request, index: (found.get(request.key) as HeldIndex).for(request) });
    return { made: makeDelta(side(old), side(next)) };
  }

  open(envelope: Uint8Array): EnvelopeFinding {
    return this.#read(envelope).finding;
  }

  verify(envelope: Uint8Array, indexes: IndexPair): ProofFinding {
    return verifyProof(this.#opened(envelope), indexes);
  }

  recheck(envelope: Uint8Array, old: SideRequest, next: SideRequest, brought: Brought): RecheckFault | undefined {
    const own = held(brought);
    const side = (request: SideRequest) => ({ ref: request.ref, index: (own.get(request.key) as HeldIndex).for(request) });
    return recheckDelta(this.#opened(envelope).predicate, side(old), side(next));
  }

  #opened(envelope: Uint8Array): OpenedProof {
    const { proof } = this.#read(envelope);
    if (proof === undefined) throw new DomainError('INTERNAL', { proof: 'the envelope was refused when it was opened' });
    return proof;
  }

  #read(envelope: Uint8Array): ReadProof {
    const sha256 = sha256Hex(envelope);
    const known = this.#proofs.get(sha256);
    if (known) return known;
    const read = readProof(envelope, this.#keys, limits.envelopeBytesMax);
    this.#proofs.set(sha256, read, PROOF_IN_MEMORY_FACTOR * envelope.byteLength);
    return read;
  }
}

function held(brought: Brought): Map<string, HeldIndex> {
  return new Map([...brought].map(([key, packed]) => [key, new HeldIndex(packed)]));
}
