export { createStellaClient, type StellaClient, type StellaClientOptions } from './client.js';
export { SERVICE_NAMES, type ServiceName } from './service-names.js';
export type { Api, CallSettings, Messages, RequestFields } from './api.js';
export type { TlsOptions } from './channel.js';
export type { ClientCredentials } from './credentials/client-credentials.js';
export { paginate } from './paginate.js';
export { isStellaError, StellaError, type FieldViolation } from './stella-error.js';
export type { UploadSettings } from './upload/upload-artifact.js';
export type { PackFileSource } from './upload/upload-pack-file.js';
