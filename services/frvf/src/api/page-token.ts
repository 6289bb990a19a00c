import { timedPageTokens } from '@stella/platform-grpc';

export const { encode: encodePageToken, decode: decodePageToken } = timedPageTokens(/^[A-Za-z0-9._-]{1,128}$/);
