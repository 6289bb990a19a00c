import { DomainError } from '@stella/errors';
import type { Tx } from '@stella/platform-database';
import type { Verification } from '../domain/verification.js';
import { verificationKey } from '../domain/verification.js';
import type { Witness } from '../domain/witness.js';
import { REEXECUTION_RATE } from '../limits.js';
import { draftOf } from './draft-of.js';
import type { OrderReplay, ReplayWish } from './order-replay.js';
import type { ArtifactRegistry, EvidenceStore, Lock, ReplayFacts, VerificationRepository, WitnessRepository, WorkerHost } from './ports.js';
import type { Repeatable } from './repeatable.js';
import type { VerifyResultCache } from './verify-result-cache.js';

export interface CreateVerificationInput {
  readonly tenant: string;
  readonly requestId: string;
  readonly witnessId: string;
  readonly artifactSha256: string;
  readonly replays: number;
  /** Replays again, whatever the cache holds. */
  readonly fresh: boolean;
}

export interface CreatedVerification {
  readonly verification: Verification;
  /** Nothing was or will be run for it. */
  readonly cached: boolean;
}

type Source = 'hit' | 'miss' | 'joined' | 'bypassed';

/** Answers from the cache where that holds a verdict for all that the result depends on; else asks for replays. */
export class CreateVerification {
  constructor(
    private readonly repeatable: Repeatable,
    private readonly witnesses: WitnessRepository,
    private readonly verifications: VerificationRepository,
    private readonly artifacts: ArtifactRegistry,
    private readonly evidence: EvidenceStore,
    private readonly cache: VerifyResultCache,
    private readonly host: WorkerHost,
    private readonly order: OrderReplay,
    private readonly facts: ReplayFacts,
    private readonly lock: Lock,
    private readonly clock: () => Date,
    private readonly random: () => number,
  ) {}

  /** @throws DomainError WITNESS_NOT_FOUND, ARTIFACT_NOT_FOUND, REPLAY_QUOTA_SPENT, REQUEST_ID_REUSED, UNAVAILABLE */
  async execute(input: CreateVerificationInput): Promise<CreatedVerification> {
    const startMs = performance.now();
    const { requestId, ...content } = input;
    const { tenant, witnessId, artifactSha256, replays } = input;
    const identity = { tenant, requestId, content: { method: 'CreateVerification', ...content } };
    const earlier = await this.repeatable.earlier(identity);
    if (earlier) return this.#answer(tenant, earlier);
    const witness = await this.witnesses.find({ tenant, id: witnessId });
    if (!witness) throw new DomainError('WITNESS_NOT_FOUND', { witness: witnessId });
    await this.artifacts.require(tenant, artifactSha256);
    const key = { tenant, id: verificationKey(witness, artifactSha256, replays, await this.host.current()) };
    const seen = await this.verifications.find(key);
    const held = !input.fresh && (await this.cache.holds(seen)) ? seen : undefined;
    let source: Source = input.fresh ? 'bypassed' : 'miss';
    const isReexecuted = held !== undefined && this.random() < REEXECUTION_RATE;
    const wish = held && !isReexecuted ? undefined : await this.#wish(witness, input, key.id);
    const answer = await this.repeatable.once(identity, async (tx) => {
      await this.lock(tx, `verification ${tenant} ${key.id}`);
      const now = await this.verifications.find(key, tx);
      if (now?.state === 'running') source = 'joined';
      else if (held && now?.result?.evidenceSha256 === held.result?.evidenceSha256) source = 'hit';
      // The held result went away since it was looked at; the next look finds that out beforehand.
      else if (!wish) throw new DomainError('DATABASE_CONTENDED', { verification: key.id });
      else await this.#begin(tx, key.id, witness, wish);
      if (source === 'hit' && wish) await this.order.executeIfRoom(tx, { ...wish, purpose: 'reexecution' });
      return { resource: key.id, cached: source === 'hit' };
    });
    this.facts.cacheAsked(source, performance.now() - startMs);
    return this.#answer(tenant, answer);
  }

  async #wish({ evidenceSha256, canonicaliser, determinism, isolation }: Witness, input: CreateVerificationInput, id: string): Promise<ReplayWish> {
    const { core } = await this.evidence.witness(evidenceSha256);
    const details = { draft: draftOf(core), artifactSha256: input.artifactSha256, canonicaliser, determinism, isolation };
    return { tenant: input.tenant, purpose: 'verification', subjectId: id, runs: input.replays, details };
  }

  async #begin(tx: Tx, id: string, witness: Witness, wish: ReplayWish): Promise<void> {
    const replayId = await this.order.execute(tx, wish);
    await this.verifications.begin(tx, {
      tenant: witness.tenant,
      id,
      witnessId: witness.id,
      artifactSha256: wish.details.artifactSha256,
      replaysRequested: wish.runs,
      state: 'running',
      replayId,
      failure: undefined,
      result: undefined,
      createTime: this.clock(),
      expireTime: undefined,
    });
  }

  async #answer(tenant: string, { resource, cached }: { resource: string; cached: boolean }): Promise<CreatedVerification> {
    const verification = await this.verifications.find({ tenant, id: resource });
    if (!verification) throw new DomainError('INTERNAL', { verification: resource });
    return { verification, cached };
  }
}
