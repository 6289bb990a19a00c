import { credentials, ServerCredentials } from '@grpc/grpc-js';
import type { RuntimeConfig } from '@stella/platform-runtime';
import type { SharedConfig } from './shared-fields.js';

/** One certificate for both sides: what the server shows to its callers, and this service to the servers that it calls. */
export function tlsOf({ tlsCertificate, tlsKey, tlsCa, tlsClients }: SharedConfig): Pick<RuntimeConfig, 'serverCredentials' | 'peerCredentials'> {
  if (tlsCertificate === undefined || tlsKey === undefined) return {};
  const [certificate, key] = [Buffer.from(tlsCertificate), Buffer.from(tlsKey.reveal())];
  const ca = tlsCa === undefined ? null : Buffer.from(tlsCa);
  return {
    serverCredentials: ServerCredentials.createSsl(ca, [{ cert_chain: certificate, private_key: key }], tlsClients === 'required'),
    peerCredentials: credentials.createSsl(ca, key, certificate),
  };
}
