import { PREDICATE_TYPES, signStatement, type Signer } from '@stella/attestation';
import { compareIndexes, type Delta, type DeltaProof, proveDelta, type UnitIndex, verifyDeltaProof } from '@stella/binary-delta';
import { DomainError, isDomainError } from '@stella/errors';
import { buildDeltaScope, DELTA_SCOPE_PREDICATE_TYPE } from '@stella/policy';
import type { BlobStore } from '@stella/platform-blobs';
import { type ArtifactPair, changedUnits, countChanges, deltaId, type DeltaRecord } from '../domain/delta-record.js';
import type { IndexRecord } from '../domain/index-record.js';
import { limits } from '../limits.js';
import { answerOnce } from './answer-once.js';
import { breathe } from './breathe.js';
import type { IndexArtifact } from './index-artifact.js';
import type { DeltaRepository, IndexStore, PsdiFacts, RequestRepository, Transactions } from './ports.js';
import { SharedFlights } from './shared-flights.js';

export interface CreateDeltaCommand extends ArtifactPair {
  readonly tenant: string;
  readonly requestId: string;
}

export interface CreatedDelta {
  readonly record: DeltaRecord;
  readonly cached: boolean;
}

/** Compares two artifacts, which are indexed first where needed, and signs what came of it. */
export class CreateDelta {
  readonly #flights = new SharedFlights<CreatedDelta>();

  constructor(
    private readonly transactions: Transactions,
    private readonly index: IndexArtifact,
    private readonly store: IndexStore,
    private readonly deltas: DeltaRepository,
    private readonly requests: RequestRepository,
    private readonly blobs: BlobStore,
    private readonly signer: Signer,
    private readonly facts: PsdiFacts,
    private readonly clock: () => Date,
  ) {}

  /** @throws DomainError REQUEST_ID_REUSED, PROOF_TOO_LARGE, and what `IndexArtifact` throws */
  async execute({ tenant, requestId, baselineSha256, candidateSha256 }: CreateDeltaCommand, signal: AbortSignal): Promise<CreatedDelta> {
    let made: CreatedDelta | undefined;
    const id = await answerOnce(this.requests, { tenant, requestId, content: { createDelta: { baselineSha256, candidateSha256 } } }, async () => {
      made = await this.#delta(tenant, { baselineSha256, candidateSha256 }, signal);
      return made.record.id;
    });
    return made ?? { record: await this.#existing(tenant, id), cached: true };
  }

  async #delta(tenant: string, pair: ArtifactPair, signal: AbortSignal): Promise<CreatedDelta> {
    const [baseline, candidate] = await Promise.all([
      this.index.execute(tenant, pair.baselineSha256, signal),
      this.index.execute(tenant, pair.candidateSha256, signal),
    ]);
    const id = deltaId(pair, baseline.record.predicate.lifter);
    const before = await this.deltas.find(tenant, id);
    this.facts.asked('delta', before !== undefined);
    if (before) return { record: before, cached: true };
    return this.#flights.join(`${tenant} ${id}`, signal, () => this.#create(id, baseline.record, candidate.record));
  }

  async #create(id: string, baseline: IndexRecord, candidate: IndexRecord): Promise<CreatedDelta> {
    const [before, after] = await Promise.all([this.store.load(baseline), this.store.load(candidate)]);
    await breathe();
    const delta = compareIndexes(before, after);
    await breathe();
    const proof = prove(baseline, before, candidate, after, delta);
    await breathe();
    const scope = buildDeltaScope(before, after, delta, [...baseline.summary.modulePaths, ...candidate.summary.modulePaths]);
    const units = changedUnits(delta);
    const record: DeltaRecord = {
      tenant: baseline.tenant,
      id,
      baselineSha256: baseline.predicate.artifactSha256,
      candidateSha256: candidate.predicate.artifactSha256,
      lifterSha256: baseline.predicate.lifter.sha256,
      counts: countChanges(units, baseline.summary.unitsByKind),
      proofSha256: await this.#sign(PREDICATE_TYPES.deltaProof, proof, baseline, candidate),
      scopeSha256: await this.#sign(DELTA_SCOPE_PREDICATE_TYPE, scope, baseline, candidate),
      createTime: this.clock(),
    };
    const isNew = await this.transactions.tx(async (tx) => {
      if (!(await this.deltas.add(tx, record, units))) return false;
      await this.facts.deltaIndexed(tx, record);
      return true;
    });
    // Another process was first; its envelopes hold the same statements.
    return isNew ? { record, cached: false } : { record: await this.#existing(record.tenant, id), cached: true };
  }

  async #sign(predicateType: string, predicate: object, baseline: IndexRecord, candidate: IndexRecord): Promise<string> {
    const subjects = [
      { name: 'baseline', sha256: baseline.predicate.artifactSha256 },
      { name: 'candidate', sha256: candidate.predicate.artifactSha256 },
    ];
    const envelope = await signStatement({ subjects, predicateType, predicate }, this.signer).catch((error: unknown) => {
      if (isDomainError(error, 'JSON_MALFORMED') && error.facts.problem === 'too large') throw new DomainError('PROOF_TOO_LARGE', error.facts, { cause: error });
      throw error;
    });
    if (envelope.byteLength > limits.envelopeBytesMax) {
      throw new DomainError('PROOF_TOO_LARGE', { sizeBytes: String(envelope.byteLength), sizeBytesMax: String(limits.envelopeBytesMax) });
    }
    return (await this.blobs.put(envelope)).sha256;
  }

  async #existing(tenant: string, id: string): Promise<DeltaRecord> {
    const record = await this.deltas.find(tenant, id);
    if (!record) throw new DomainError('INTERNAL', { delta: id });
    return record;
  }
}

/** A proof that its own verifier takes: what it would refuse is not signed. */
function prove(baseline: IndexRecord, before: UnitIndex, candidate: IndexRecord, after: UnitIndex, delta: Delta): DeltaProof {
  const proof = proveDelta(
    { ...before, artifactSha256: baseline.predicate.artifactSha256 },
    { ...after, artifactSha256: candidate.predicate.artifactSha256 },
    delta,
  );
  const verified = verifyDeltaProof(proof, { old: baseline.predicate, new: candidate.predicate });
  if (!verified.ok) throw new DomainError('INTERNAL', { proof: verified.reason, ...verified.facts });
  return proof;
}
