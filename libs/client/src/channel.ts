import { ChannelCredentials, Client } from '@grpc/grpc-js';
import { limits } from './limits.js';
import { isLoopbackHost } from './loopback.js';
import { localError } from './stella-error.js';

/** PEM; absent members have the system's defaults. */
export interface TlsOptions {
  readonly rootCertificates?: Buffer;
  readonly certificateChain?: Buffer;
  readonly privateKey?: Buffer;
}

/**
 * Opens a channel. Bearer tokens travel over it, so without `tls` only loopback and UNIX sockets are spoken to in the
 * clear; `plaintext` is for a network that encrypts by itself, such as a service mesh.
 */
export function openChannel(address: string, tls: TlsOptions | 'plaintext' | undefined): Client {
  if (!/^(unix:.+|[^\s/]+:\d{1,5})$/.test(address)) throw localError('CONFIG_INVALID', { address, wanted: 'host:port or unix:path' });
  return new Client(address, channelCredentials(address, tls), {
    'grpc.max_receive_message_length': limits.messageBytesMax,
    'grpc.max_send_message_length': limits.messageBytesMax,
    // Attempts are counted in one place, which is ours.
    'grpc.enable_retries': 0,
    'grpc.keepalive_time_ms': 60_000,
  });
}

function channelCredentials(address: string, tls: TlsOptions | 'plaintext' | undefined): ChannelCredentials {
  if (tls === 'plaintext') return ChannelCredentials.createInsecure();
  if (tls) return ChannelCredentials.createSsl(tls.rootCertificates ?? null, tls.privateKey ?? null, tls.certificateChain ?? null);
  const local = address.startsWith('unix:') || isLoopbackHost(address.slice(0, address.lastIndexOf(':')));
  return local ? ChannelCredentials.createInsecure() : ChannelCredentials.createSsl();
}
