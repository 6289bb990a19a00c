import { InstallationTrust, serviceProcess, signingKey, TRUST_FIELDS } from '@stella/platform-process';
import { frvfService, migrationsFolder } from './frvf.module.js';

export const frvfProcess = serviceProcess({
  name: 'frvf',
  peers: ['psdi', 'replay-worker'],
  migrationsFolder,
  fields: { ...TRUST_FIELDS, evidenceKey: signingKey('ed25519') },
  service(config) {
    const trust = InstallationTrust.open(config, new Date());
    return frvfService({
      signer: trust.requireOwn('evidence', 'STELLA_EVIDENCE_KEY', config.evidenceKey.pair),
      earlierKeys: trust.ownKeys('evidence'),
    });
  },
});
