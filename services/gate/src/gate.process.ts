import { durationMs } from '@stella/platform-config';
import { InstallationTrust, serviceProcess, signingKey, TRUST_FIELDS } from '@stella/platform-process';
import { z } from 'zod';
import { GATE_RETENTION_FIELDS } from './retention-fields.js';
import { gateService, migrationsFolder } from './gate.module.js';

export const gateProcess = serviceProcess({
  name: 'gate',
  peers: ['psdi', 'frvf', 'fbpe'],
  migrationsFolder,
  fields: {
    ...TRUST_FIELDS,
    verdictKey: signingKey('ecdsa-p256-sha256'),
    policyKey: signingKey('ed25519'),
    revocationKey: signingKey('ed25519'),
    verifierId: z.string().min(1).optional(),
    crossVerifyWait: durationMs().prefault('0s'),
    ...GATE_RETENTION_FIELDS,
  },
  service(config) {
    const trust = InstallationTrust.open(config, new Date());
    return gateService({
      verdictSigner: trust.requireOwn('verdict', 'STELLA_VERDICT_KEY', config.verdictKey.pair),
      policySigner: trust.requireOwn('policy', 'STELLA_POLICY_KEY', config.policyKey.pair),
      revocationSigner: trust.requireOwn('revocation', 'STELLA_REVOCATION_KEY', config.revocationKey.pair),
      verifierId: config.verifierId ?? `https://${config.organisation}/stella/gate`,
      trustRoot: trust.envelope,
      rootKeys: trust.rootKeys,
      crossVerifyWaitMs: config.crossVerifyWait,
      newsKeptMs: config.retentionNews,
      evaluationsKeptMs: config.retentionEvaluations,
    });
  },
});
