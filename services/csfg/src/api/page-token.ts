import { timedPageTokens } from '@stella/platform-grpc';

export const { encode: encodePageToken, decode: decodePageToken } = timedPageTokens(/^[0-9a-f]{64}$/);
