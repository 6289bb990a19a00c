import { execFileSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { type AddressInfo, connect, createServer, type Server, type Socket } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { TLSSocket } from 'node:tls';

/** `SSLRequest`, PostgreSQL manual, "Message Formats". */
const SSL_REQUEST = Buffer.from([0, 0, 0, 8, 4, 210, 22, 47]);

export interface Certificate {
  readonly certificate: string;
  readonly key: string;
}

/** Self-signed, for one host: its own authority. */
export function certificateFor(host: string): Certificate {
  const folder = mkdtempSync(join(tmpdir(), 'stella-tls-'));
  try {
    const [key, certificate] = [join(folder, 'key'), join(folder, 'certificate')];
    const words = ['req', '-x509', '-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:P-256', '-nodes', '-keyout', key, '-out', certificate, '-days', '2', '-subj', '/CN=test', '-addext', `subjectAltName=DNS:${host}`];
    execFileSync('openssl', words, { stdio: 'ignore' });
    return { certificate: readFileSync(certificate, 'utf8'), key: readFileSync(key, 'utf8') };
  } finally {
    rmSync(folder, { recursive: true });
  }
}

/** TLS, or its refusal, in front of a PostgreSQL that has only a UNIX socket. */
export async function tlsProxy(socket: string, certificate?: Certificate): Promise<{ readonly port: number; stop(): void }> {
  const open = new Set<Socket>();
  const server: Server = createServer((client) => {
    open.add(client);
    client.on('error', () => undefined);
    client.once('data', (first: Buffer) => {
      const wantsTls = first.equals(SSL_REQUEST);
      if (wantsTls) client.write(certificate === undefined ? 'N' : 'S');
      if (wantsTls && certificate === undefined) return;
      const plain = wantsTls && certificate !== undefined ? new TLSSocket(client, { isServer: true, cert: certificate.certificate, key: certificate.key }) : client;
      const upstream = connect(socket);
      for (const one of [plain, upstream]) one.on('error', () => undefined);
      if (!wantsTls) upstream.write(first);
      plain.pipe(upstream).pipe(plain);
    });
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return {
    port: (server.address() as AddressInfo).port,
    stop() {
      server.close();
      for (const client of open) client.destroy();
    },
  };
}
