import { fileURLToPath } from 'node:url';
import type { PublicKey, Signer } from '@stella/attestation';
import { FederationServiceService } from '@stella/contracts/stella/fbpe/v1alpha/fbpe';
import { WitnessServiceService } from '@stella/contracts/stella/frvf/v1alpha/frvf';
import { GateServiceService } from '@stella/contracts/stella/gate/v1alpha/gate';
import { DeltaIndexServiceService } from '@stella/contracts/stella/psdi/v1alpha/psdi';
import type { ServiceContext, ServiceParts, StellaService } from '@stella/platform-runtime';
import { AdvisoryLocks } from './adapters/advisory-locks.js';
import { FbpeLog } from './adapters/fbpe-log.js';
import { FrvfWitnesses } from './adapters/frvf-witnesses.js';
import { PsdiDeltas } from './adapters/psdi-deltas.js';
import { SqlEvaluationRepository } from './adapters/sql-evaluation-repository.js';
import { SqlNewsRepository } from './adapters/sql-news-repository.js';
import { SqlPolicyRepository } from './adapters/sql-policy-repository.js';
import { SqlRevocationRepository } from './adapters/sql-revocation-repository.js';
import { SqlVerdictRepository } from './adapters/sql-verdict-repository.js';
import { GateController } from './api/gate.controller.js';
import { subscribeToNews } from './api/news-consumers.js';
import { AskPartners } from './application/ask-partners.js';
import { CollectDelta } from './application/collect-delta.js';
import { CollectWitnesses } from './application/collect-witnesses.js';
import { EvaluateRelease } from './application/evaluate-release.js';
import { GateTrust } from './application/gate-trust.js';
import { IssueAndKeep } from './application/issue-and-keep.js';
import { LogEvidence } from './application/log-evidence.js';
import { Policies } from './application/policies.js';
import { ReadVerdicts } from './application/read-verdicts.js';
import { Revocations } from './application/revocations.js';
import { RevokeVerdict } from './application/revoke-verdict.js';
import { RunEvaluation } from './application/run-evaluation.js';
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
  const { verdictSigner, policySigner, revocationSigner, verifierId, crossVerifyWaitMs } = options;
  const keys = { verdict: verdictSigner, policy: policySigner, revocation: revocationSigner };
  const trust = new GateTrust(options.trustRoot, options.rootKeys ?? [], verifierId, keys, clock());
  const facts = new GateEvents(events, logger, metrics);
  const verdicts = new SqlVerdictRepository(database, blobs);
  const evaluations = new SqlEvaluationRepository(database, clock);
  const locks = new AdvisoryLocks(database);
  const news = new SqlNewsRepository(database);
  const policies = new Policies(new SqlPolicyRepository(database, blobs), policySigner, clock);
  const revocations = new Revocations(new SqlRevocationRepository(database, blobs), revocationSigner, trust, clock);
  const log = new FbpeLog(peers.client('fbpe', FederationServiceService));
  const run = new RunEvaluation(
    trust,
    new CollectDelta(new PsdiDeltas(peers.client('psdi', DeltaIndexServiceService)), facts),
    new CollectWitnesses(new FrvfWitnesses(peers.client('frvf', WitnessServiceService)), facts),
    new LogEvidence(log, facts),
    new AskPartners(log, facts, { waitMs: crossVerifyWaitMs }),
    revocations,
    verdicts,
    new IssueAndKeep(trust, verdictSigner, verdicts, evaluations, locks, database, blobs, facts, clock),
    evaluations,
    facts,
    clock,
  );
  const evaluation = new EvaluateRelease(trust, policies, verdicts, evaluations, locks, run, facts, clock, ids);
  const read = new ReadVerdicts(verdicts, blobs);
  subscribeToNews(events, news);

  return {
    controllers: [GateController],
    providers: [
      { provide: EvaluateRelease, useValue: evaluation },
      { provide: ReadVerdicts, useValue: read },
      { provide: RevokeVerdict, useValue: new RevokeVerdict(database, verdicts, read, facts, clock) },
      { provide: Policies, useValue: policies },
      { provide: Revocations, useValue: revocations },
      { provide: GateTrust, useValue: trust },
    ],
    async start() {
      await policies.publish();
      const nowMs = clock().getTime();
      await news.forgetBefore(new Date(nowMs - limits.newsKeptMs));
      await evaluations.forgetBefore(new Date(nowMs - limits.evaluationsKeptMs));
    },
    stop: () => evaluation.landed(),
  };
}
