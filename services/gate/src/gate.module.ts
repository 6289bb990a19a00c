import { fileURLToPath } from 'node:url';
import { parseDevelopmentTrustRoot, type Signer, trustedKey } from '@stella/attestation';
import { FederationServiceService } from '@stella/contracts/stella/fbpe/v1alpha/fbpe';
import { WitnessServiceService } from '@stella/contracts/stella/frvf/v1alpha/frvf';
import { GateServiceService } from '@stella/contracts/stella/gate/v1alpha/gate';
import { DeltaIndexServiceService } from '@stella/contracts/stella/psdi/v1alpha/psdi';
import { DomainError } from '@stella/errors';
import type { ServiceContext, ServiceParts, StellaService } from '@stella/platform-runtime';
import { FbpeLog } from './adapters/fbpe-log.js';
import { FrvfWitnesses } from './adapters/frvf-witnesses.js';
import { PsdiDeltas } from './adapters/psdi-deltas.js';
import { SqlPolicyRepository } from './adapters/sql-policy-repository.js';
import { SqlVerdictRepository } from './adapters/sql-verdict-repository.js';
import { GateController } from './api/gate.controller.js';
import { CollectEvidence } from './application/collect-evidence.js';
import { EvaluateRelease } from './application/evaluate-release.js';
import { LogEvidence } from './application/log-evidence.js';
import { Policies } from './application/policies.js';
import type { Deltas, EvidenceLog, Witnesses } from './application/ports.js';
import { ReadVerdicts } from './application/read-verdicts.js';
import { Revocations } from './application/revocations.js';
import { RevokeVerdict } from './application/revoke-verdict.js';
import { TrustDocuments } from './application/trust-documents.js';
import { GateEvents } from './events.js';

export interface GateOptions {
  readonly verdictSigner: Signer;
  readonly policySigner: Signer;
  readonly revocationSigner: Signer;
  /** Under which the verdict key may sign, by the trust root. */
  readonly verifierId: string;
  /** The development trust root of this installation. */
  readonly trustRoot: Uint8Array;
  /** How long an evaluation waits for partners that its policy needs. */
  readonly crossVerifyWaitMs: number;
  /** Instead of the services of that name; for tests. */
  readonly deltas?: Deltas;
  readonly witnesses?: Witnesses;
  readonly log?: EvidenceLog;
}

/** The release verdict. */
export function gateService(options: GateOptions): StellaService {
  return {
    name: 'gate',
    protoPackage: 'stella.gate.v1alpha',
    grpc: { 'stella.gate.v1alpha.GateService': GateServiceService },
    migrationsFolder: fileURLToPath(new URL('../migrations', import.meta.url)),
    wire: (context) => wire(context, options),
  };
}

function wire({ database, blobs, events, peers, logger, metrics, clock }: ServiceContext, options: GateOptions): ServiceParts {
  const { verdictSigner, policySigner, revocationSigner, verifierId, trustRoot, crossVerifyWaitMs } = options;
  const root = parseDevelopmentTrustRoot(trustRoot, clock());
  const organisation = trustedKey(root, verdictSigner.keyId)?.organisation;
  if (organisation === undefined) throw new DomainError('CONFIG_INVALID', { problems: 'the trust root does not list the verdict key' });

  const facts = new GateEvents(events, logger, metrics);
  const verdicts = new SqlVerdictRepository(database, blobs);
  const policies = new Policies(new SqlPolicyRepository(database, blobs), policySigner, clock);
  const revocations = new Revocations(verdicts, revocationSigner, organisation, root, clock);
  const deltas = options.deltas ?? new PsdiDeltas(peers.client('psdi', DeltaIndexServiceService));
  const witnesses = options.witnesses ?? new FrvfWitnesses(peers.client('frvf', WitnessServiceService));
  const log = options.log ?? new FbpeLog(peers.client('fbpe', FederationServiceService));
  const collect = new CollectEvidence(deltas, witnesses, facts);
  const logging = new LogEvidence(log, facts, root.logs[0]?.name ?? '', clock);
  const identity = { verdictSigner, verifierId, organisation, root, trustRoot, crossVerifyWaitMs };
  const evaluation = new EvaluateRelease(identity, policies, collect, logging, revocations, verdicts, database, blobs, facts, clock);
  const read = new ReadVerdicts(verdicts, blobs);

  return {
    controllers: [GateController],
    providers: [
      { provide: EvaluateRelease, useValue: evaluation },
      { provide: ReadVerdicts, useValue: read },
      { provide: RevokeVerdict, useValue: new RevokeVerdict(database, verdicts, read, facts, clock) },
      { provide: Policies, useValue: policies },
      { provide: Revocations, useValue: revocations },
      { provide: TrustDocuments, useValue: new TrustDocuments(trustRoot, root.signedBy?.fingerprint ?? '') },
    ],
    start: () => policies.publish(),
  };
}
