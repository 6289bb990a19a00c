import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { type CryptoKey, exportJWK, generateKeyPair, type JWK, SignJWT } from 'jose';

interface Key {
  readonly kid: string;
  readonly privateKey: CryptoKey;
  readonly jwk: JWK;
}

export type Answer = { readonly status: number; readonly body: string };

/** An issuer on loopback whose keys change and which can be made to fail in each way. */
export class ScriptedIssuer {
  /** What the key set lists. */
  keys: Key[] = [];
  /** What is answered instead; `silent`: nothing at all. */
  fault: Answer | 'silent' | undefined;
  token: () => Answer = () => ({ status: 200, body: JSON.stringify({ access_token: `t${this.asked['/token'] ?? 0}`, expires_in: 300 }) });
  /** How often each address was asked. */
  asked: Record<string, number> = {};
  /** The last body that was sent to the token endpoint. */
  sent = '';
  metadata: Record<string, unknown> = {};

  private constructor(
    private readonly server: Server,
    readonly issuer: string,
  ) {
    this.metadata = { issuer, jwks_uri: `${issuer}/jwks`, token_endpoint: `${issuer}/token` };
    server.on('request', (request, response) => {
      const path = request.url ?? '';
      this.asked[path] = (this.asked[path] ?? 0) + 1;
      let body = '';
      request.on('data', (chunk: Buffer) => (body += chunk.toString()));
      request.on('end', () => {
        if (path === '/token') this.sent = body;
        if (this.fault === 'silent') return;
        const { status, body: answer } = this.fault ?? this.#answer(path);
        response.writeHead(status, { 'content-type': 'application/json' }).end(answer);
      });
    });
  }

  static async start(): Promise<ScriptedIssuer> {
    const server = createServer();
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    return new ScriptedIssuer(server, `http://127.0.0.1:${(server.address() as AddressInfo).port}`);
  }

  async newKey(kid: string): Promise<Key> {
    const { privateKey, publicKey } = await generateKeyPair('EdDSA', { extractable: true });
    return { kid, privateKey, jwk: { ...(await exportJWK(publicKey)), kid, alg: 'EdDSA', use: 'sig' } };
  }

  async tokenBy(key: Key, claims: Record<string, unknown> = {}, typ?: string): Promise<string> {
    const nowS = Math.floor(Date.now() / 1000);
    const token = await new SignJWT({ sub: 'alice', stella_tenant: 'acme', stella_organisation: 'acme.example', stella_roles: ['operator'], iat: nowS, exp: nowS + 86_400, iss: this.issuer, aud: 'urn:stella:api', ...claims })
      .setProtectedHeader({ alg: 'EdDSA', kid: key.kid, ...(typ === undefined ? {} : { typ }) })
      .sign(key.privateKey);
    return `Bearer ${token}`;
  }

  async stop(): Promise<void> {
    const closed = new Promise((resolve) => this.server.close(resolve));
    this.server.closeAllConnections();
    await closed;
  }

  #answer(path: string): Answer {
    if (path === '/.well-known/openid-configuration') return { status: 200, body: JSON.stringify(this.metadata) };
    if (path === '/jwks') return { status: 200, body: JSON.stringify({ keys: this.keys.map(({ jwk }) => jwk) }) };
    if (path === '/token') return this.token();
    return { status: 404, body: '{}' };
  }
}
