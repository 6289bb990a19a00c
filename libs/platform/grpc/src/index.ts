export { principalOf } from './authentication.js';
export { type PageTokens, pageTokens, type TimedPlace, timedPageTokens } from './page-tokens.js';
export { createClient, type CallSettings, type ClientConfig, type GrpcClient } from './client.js';
export { ErrorFilter, type Report } from './error-filter.js';
export { httpStatusOf } from './http-status.js';
export { DEFAULT_DEADLINE_MS, grpcServerOptions, type GrpcServerConfig, MESSAGE_BYTES_MAX } from './server-options.js';
export { fromServiceError, toServiceError } from './status.js';
export { clientStream, serverStream, signalOf } from './streams.js';
