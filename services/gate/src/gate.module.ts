import { fileURLToPath } from 'node:url';
import type { PublicKey, Signer } from '@stella/attestation';
import { FederationServiceService } from '@stella/contracts/stella/fbpe/v1alpha/fbpe';
import { WitnessServiceService } from '@stella/contracts/stella/frvf/v1alpha/frvf';
import { GateServiceService } from '@stella/contracts/stella/gate/v1alpha/gate';
import { DeltaIndexServiceService } from '@stella/contracts/stella/psdi/v1alpha/psdi';
import { AdvisoryLocks } from '@stella/platform-database';
import type { ServiceContext, ServiceParts, StellaService } from '@stella/platform-runtime';
import { FbpeLog } from './adapters/fbpe-log.js';
import { FrvfWitnesses } from './adapters/frvf-witnesses.js';
import { PsdiDeltas } from './adapters/psdi-deltas.js';
import { SqlEvaluationRepository } from './adapters/sql-evaluation-repository.js';
import { SqlNewsRepository } from './adapters/sql-news-repository.js';
import { SqlPolicyRepository } from './adapters/sql-policy-repository.js';
import { SqlRevocationRepository } from './adapters/sql-revocation-repository.js';
import { SqlStandingRepository } from './adapters/sql-standing-repository.js';
import { SqlVerdictRepository } from './adapters/sql-verdict-repository.js';
import { SqlWithdrawalRepository } from './adapters/sql-withdrawal-repository.js';
import { SqlWitnessMemory } from './adapters/sql-witness-memory.js';
import { GateController } from './api/gate.controller.js';
import { subscribeToNews } from './api/news-consumers.js';
import { WithdrawalController } from './api/withdrawal.controller.js';
import { AskPartners } from './application/ask-partners.js';
import { CollectDelta } from './application/collect-delta.js';
import { CollectWitnesses } from './application/collect-witnesses.js';
import { ConcludeEvaluation } from './application/conclude-evaluation.js';
import { EvaluateRelease } from './application/evaluate-release.js';
import { GateTrust } from './application/gate-trust.js';
import { IssueAndKeep } from './application/issue-and-keep.js';
import { KeepVerdict } from './application/keep-verdict.js';
import { LogEvidence } from './application/log-evidence.js';
import { Policies } from './application/policies.js';
import { ReadVerdicts } from './application/read-verdicts.js';
import { Revocations } from './application/revocations.js';
import { RevokeTrust } from './application/revoke-trust.js';
import { RevokeVerdict } from './application/revoke-verdict.js';
import { RunEvaluation } from './application/run-evaluation.js';
import { SayWithdrawal } from './application/say-withdrawal.js';
import { GateEvents } from './events.js';
import { limits } from './limits.js';

export const migrationsFolder = fileURLToPath(new URL('../migrations', import.meta.url));

export interface GateOptions {
  /** P-256: what every tool that reads attestations can verify. */
  readonly verdictSigner: Signer;
  readonly policySigner: Signer;
  readonly revocationSigner: Signer;
  /** Under which the verdict key may sign, by the trust root. */
  readonly verifierId: string;
  /** A signed production root, or the unsigned root of a development installation. */
  readonly trustRoot: Uint8Array;
  /** Of whom a production root must be; none: the root is a development root. */
  readonly rootKeys?: readonly PublicKey[];
  /** How long an evaluation waits for partners that its policy needs. */
  readonly crossVerifyWaitMs: number;
  /** Default: 400 days. */
  readonly newsKeptMs?: number;
  /** Default: 30 days. */
  readonly evaluationsKeptMs?: number;
}

/** The release verdict. */
export function gateService(options: GateOptions): StellaService {
  return {
    name: 'gate',
    grpc: { 'stella.gate.v1alpha.GateService': GateServiceService },
    migrationsFolder,
    wire: (context) => wire(context, options),
  };
}

function wire({ database, blobs, events, peers, logger, metrics, clock, ids }: ServiceContext, options: GateOptions): ServiceParts {
  const { verdictSigner, policySigner, revocationSigner, verifierId, crossVerifyWaitMs, newsKeptMs = limits.newsKeptMs, evaluationsKeptMs = limits.evaluationsKeptMs } = options;
  const keys = { verdict: verdictSigner, policy: policySigner, revocation: revocationSigner };
  const trust = new GateTrust(options.trustRoot, options.rootKeys ?? [], verifierId, keys, clock());
  const facts = new GateEvents(events, logger, metrics);
  const verdicts = new SqlVerdictRepository(database, blobs);
  const standing = new SqlStandingRepository(database);
  const withdrawals = new SqlWithdrawalRepository(database, blobs);
  const revocationRows = new SqlRevocationRepository(database, blobs);
  const memory = new SqlWitnessMemory(database);
  const evaluations = new SqlEvaluationRepository(database, clock);
  const locks = new AdvisoryLocks(database);
  const news = new SqlNewsRepository(database);
  const policyRows = new SqlPolicyRepository(database, blobs);
  const policies = new Policies(policyRows, policySigner, clock);
  const revocations = new Revocations(revocationRows, revocationSigner, trust, facts, clock);
  const log = new FbpeLog(peers.client('fbpe', FederationServiceService));
  const keep = new KeepVerdict(verdicts, standing, revocationRows, withdrawals, memory, evaluations, database, facts);
  const run = new RunEvaluation(
    trust,
    new CollectDelta(new PsdiDeltas(peers.client('psdi', DeltaIndexServiceService)), facts),
    new CollectWitnesses(new FrvfWitnesses(peers.client('frvf', WitnessServiceService)), facts),
    new LogEvidence(log, facts),
    new AskPartners(log, facts, { waitMs: crossVerifyWaitMs }),
    revocations,
    verdicts,
    withdrawals,
    memory,
    new IssueAndKeep(trust, verdictSigner, standing, keep, locks, blobs, clock),
    evaluations,
    facts,
    clock,
  );
  const conclude = new ConcludeEvaluation(run, verdicts, evaluations, database, facts);
  const evaluation = new EvaluateRelease(trust, policies, verdicts, evaluations, news, locks, conclude, facts, clock, ids);
  const read = new ReadVerdicts(verdicts, withdrawals, blobs);
  const say = new SayWithdrawal(trust, revocationSigner, withdrawals, revocationRows, standing, news, locks, database, blobs, facts, clock);
  subscribeToNews(events, news);

  return {
    controllers: [GateController, WithdrawalController],
    providers: [
      { provide: EvaluateRelease, useValue: evaluation },
      { provide: ReadVerdicts, useValue: read },
      { provide: RevokeVerdict, useValue: new RevokeVerdict(database, standing, read, say, facts, clock) },
      { provide: RevokeTrust, useValue: new RevokeTrust(trust, policyRows, say, clock) },
      { provide: SayWithdrawal, useValue: say },
      { provide: Policies, useValue: policies },
      { provide: Revocations, useValue: revocations },
      { provide: GateTrust, useValue: trust },
    ],
    chores: [
      { what: 'news', forget: (rowsMax) => news.forgetBefore(new Date(clock().getTime() - newsKeptMs), rowsMax) },
      { what: 'evaluations', forget: (rowsMax) => evaluations.forgetBefore(new Date(clock().getTime() - evaluationsKeptMs), rowsMax) },
    ],
    start: () => policies.publish(),
    stop: () => evaluation.landed(),
  };
}
