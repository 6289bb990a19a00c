import { InstallationTrust, nativeSha256, serviceProcess, signingKey, TRUST_FIELDS } from '@stella/platform-process';
import { migrationsFolder, psdiService } from './psdi.module.js';

export const psdiProcess = serviceProcess({
  name: 'psdi',
  peers: [],
  migrationsFolder,
  fields: { ...TRUST_FIELDS, evidenceKey: signingKey('ed25519') },
  async service(config) {
    const trust = InstallationTrust.open(config, new Date());
    return psdiService({
      signer: trust.requireOwn('evidence', 'STELLA_EVIDENCE_KEY', config.evidenceKey.pair),
      lifterSha256: await nativeSha256(),
      liftedBy: `https://${config.organisation}/stella/psdi`,
      trustedKeys: trust.evidenceKeys,
    });
  },
});
