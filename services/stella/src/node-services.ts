import { hash } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { PublicKey } from '@stella/attestation';
import { csfgService } from '@stella/csfg';
import { fbpeService } from '@stella/fbpe';
import { frvfService } from '@stella/frvf';
import { gateService } from '@stella/gate';
import { marketplaceService } from '@stella/marketplace';
import { nativeExecutable } from '@stella/native';
import type { EventRetention } from '@stella/platform-events';
import type { StellaService } from '@stella/platform-runtime';
import { psdiService } from '@stella/psdi';
import { replayWorkerService } from '@stella/replay-worker';
import type { Installation } from './installation.js';

const REPLAYS_AT_ONCE = 2;
/** The namespace whose packs go live without a second pair of eyes: the installation's own. */
const OWN_NAMESPACE = 'own';

export interface NodeSettings {
  /** Keys of other nodes whose delta proofs this one checks. */
  readonly trustedEvidenceKeys?: readonly PublicKey[];
  /** How often peers are followed; 0: only when asked. */
  readonly pullIntervalMs?: number;
  /** How long an evaluation waits for partners that its policy needs. */
  readonly crossVerifyWaitMs?: number;
  /** How long what is no evidence is kept; default: as each service says. */
  readonly retention?: NodeRetention;
}

export interface NodeRetention {
  readonly events: EventRetention;
  readonly newsMs: number;
  readonly evaluationsMs: number;
  readonly uploadsMs: number;
}

/** Every service of the embedded system, each with the keys that are its own. */
export async function nodeServices(installation: Installation, settings: NodeSettings): Promise<StellaService[]> {
  const { keys, organisation, origin, verifierId, folder } = installation;
  const { retention } = settings;
  const nativeSha256 = hash('sha256', await readFile(nativeExecutable()));
  return [
    marketplaceService({ trustedPublishers: [{ tenant: installation.tenant, namespaceId: OWN_NAMESPACE }], ...(retention && { uploadLifetimeMs: retention.uploadsMs }) }),
    psdiService({
      signer: keys.psdi,
      lifterSha256: nativeSha256,
      liftedBy: `https://${organisation}/stella/psdi`,
      trustedKeys: settings.trustedEvidenceKeys ?? [],
    }),
    frvfService({ signer: keys.frvf }),
    replayWorkerService({ concurrency: REPLAYS_AT_ONCE, runnerSha256: nativeSha256, workFolder: join(folder, 'replays') }),
    csfgService(),
    fbpeService({
      logSigner: keys.log,
      cosigner: keys.cosigner,
      evidenceSigner: keys.fbpe,
      evidenceKeys: [keys.psdi.publicKey, keys.frvf.publicKey, keys.verdict.publicKey, keys.revocation.publicKey, keys.publisher.publicKey],
      organisation,
      origin,
      development: true,
      pullIntervalMs: settings.pullIntervalMs ?? 0,
      signedHead: join(folder, 'keys', 'log.head'),
    }),
    gateService({
      verdictSigner: keys.verdict,
      policySigner: keys.policy,
      revocationSigner: keys.revocation,
      verifierId,
      trustRoot: installation.trustRoot,
      crossVerifyWaitMs: settings.crossVerifyWaitMs ?? 0,
      ...(retention && { newsKeptMs: retention.newsMs, evaluationsKeptMs: retention.evaluationsMs }),
    }),
  ];
}
