export { peerAddress, publicKeys, signingKey } from './field-kinds.js';
export { addressOf, s3Of } from './cluster.js';
export { nativeSha256 } from './native-digest.js';
export { EVENT_RETENTION_FIELDS, eventRetentionOf, TOPIC_RETENTION_FIELDS, UPLOAD_RETENTION_FIELDS } from './retention-fields.js';
export { DATABASE_FIELDS, S3_FIELDS, SERVER_FIELDS, SHARED_FIELDS } from './shared-fields.js';
export { SigningKey } from './signing-key.js';
export { runMain } from './run-main.js';
export { type ServiceProcess, serviceProcess } from './service-process.js';
export { InstallationTrust, TRUST_FIELDS } from './trust.js';
