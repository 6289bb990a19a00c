import { PREDICATE_TYPES } from '@stella/attestation';
import { isDomainError } from '@stella/errors';
import type { BlobStore } from '@stella/platform-blobs';
import { readEvidence, signerOf } from '../domain/evidence.js';
import type { Peering } from '../domain/peering.js';
import { limits } from '../limits.js';
import { atOnce } from './at-once.js';
import type { FederationFacts, ForeignEntry, ForeignRepository, PeerConnection } from './ports.js';

/** Kinds of evidence for which there is something to do once it is here. */
const TO_CHECK: ReadonlySet<string> = new Set([PREDICATE_TYPES.deltaProof, PREDICATE_TYPES.crossVerification]);

/** Fetches the payloads of a peer's entries; what does not have the digest that the log has is not kept. */
export class FetchPayloads {
  constructor(
    private readonly blobs: BlobStore,
    private readonly foreign: ForeignRepository,
    private readonly facts: FederationFacts,
  ) {}

  /** @throws DomainError `PEER_UNREACHABLE`; what was not fetched is wanted still */
  async execute(peering: Peering, connection: PeerConnection): Promise<void> {
    const wanted = await this.foreign.wanted(peering.id, limits.payloadsPerPullMax);
    await atOnce(wanted, limits.payloadsAtOnce, (entry) => this.#fetch(peering, connection, entry));
  }

  async #fetch(peering: Peering, connection: PeerConnection, entry: ForeignEntry): Promise<void> {
    const envelope = await connection.payload(entry.payloadDigest ?? '');
    if (!envelope) return this.foreign.payloadArrived(entry, { state: 'erased' }, false);
    const problem = problemOf(envelope, entry);
    if (problem !== undefined) {
      this.facts.payloadRefused(entry, problem);
      return this.foreign.payloadArrived(entry, { state: 'invalid' }, false);
    }
    const { sha256 } = await this.blobs.put(envelope);
    const signer = signerOf(envelope, peering.evidenceKeys, limits.envelopeBytesMax)?.fingerprint;
    await this.foreign.payloadArrived(entry, { state: 'stored', envelopeSha256: sha256, ...(signer === undefined ? {} : { signer }) }, TO_CHECK.has(entry.predicateType));
  }
}

function problemOf(envelope: Uint8Array, entry: ForeignEntry): string | undefined {
  try {
    const { statement, payloadDigest } = readEvidence(envelope, limits.envelopeBytesMax);
    if (payloadDigest !== entry.payloadDigest) return 'another payload';
    if (statement.predicateType !== entry.predicateType) return 'another predicate type';
    const subjects = Array.from(new Set(statement.subjects.map(({ sha256 }) => sha256))).sort();
    return subjects.join() === [...entry.subjects].sort().join() ? undefined : 'other subjects';
  } catch (error) {
    if (isDomainError(error)) return error.reason;
    throw error;
  }
}
