import { durationMs } from '@stella/platform-config';
import { S3Register } from '@stella/platform-blobs';
import { InstallationTrust, s3Of, serviceProcess, signingKey, TRUST_FIELDS } from '@stella/platform-process';
import { z } from 'zod';
import { RegisterSignedHead } from './adapters/register-signed-head.js';
import { HEAD_BYTES_MAX } from './adapters/signed-head-json.js';
import { fbpeService, migrationsFolder } from './fbpe.module.js';

/** Beside the blobs, and not to be restored with them. */
const HEAD_OBJECT = 'log/head.json';

export const fbpeProcess = serviceProcess({
  name: 'fbpe',
  peers: ['psdi'],
  migrationsFolder,
  fields: {
    ...TRUST_FIELDS,
    evidenceKey: signingKey('ed25519'),
    logKey: signingKey('ed25519'),
    cosignerKey: signingKey('ed25519'),
    logOrigin: z.string().max(200).regex(/^[^\s+]+$/, 'a name without spaces and plus signs').optional(),
    pullInterval: durationMs().prefault('5s'),
  },
  service(config) {
    const trust = InstallationTrust.open(config, new Date());
    return fbpeService({
      evidenceSigner: trust.requireOwn('evidence', 'STELLA_EVIDENCE_KEY', config.evidenceKey.pair),
      logSigner: trust.requireOwn('log', 'STELLA_LOG_KEY', config.logKey.pair),
      cosigner: trust.requireOwn('witness', 'STELLA_COSIGNER_KEY', config.cosignerKey.pair),
      evidenceKeys: trust.ownKeys('evidence', 'verdict', 'pack-publisher'),
      organisation: config.organisation,
      origin: config.logOrigin ?? `${config.organisation}/stella/log`,
      development: false,
      pullIntervalMs: config.pullInterval,
      signedHead: new RegisterSignedHead(new S3Register(s3Of(config), HEAD_OBJECT, HEAD_BYTES_MAX), `${config.s3Bucket}/${config.s3Prefix}${HEAD_OBJECT}`),
    });
  },
});
