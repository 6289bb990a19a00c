export { peerAddress, publicKeys, signingKey } from './field-kinds.js';
export { s3Of } from './cluster.js';
export { nativeSha256 } from './native-digest.js';
export { SigningKey } from './signing-key.js';
export { runMain } from './run-main.js';
export { type ServiceProcess, serviceProcess } from './service-process.js';
export { InstallationTrust, TRUST_FIELDS } from './trust.js';
