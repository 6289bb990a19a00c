import { generateKeyPair, SignJWT, type CryptoKey } from 'jose';
import type { Principal } from './principal.js';
import { TokenVerifier } from './token-verifier.js';

export { FormBrowser, type Page } from './form-browser.js';

export interface TokenChanges {
  readonly issuer?: string;
  readonly audience?: string;
  /** Seconds from now. */
  readonly expiresInS?: number;
}

/** An issuer in memory: its tokens verify with `verifier`, and each way of being wrong can be asked for. */
export class FakeIssuer {
  static readonly ISSUER = 'https://issuer.test';
  static readonly AUDIENCE = 'urn:stella:api';

  private constructor(
    private readonly key: CryptoKey,
    readonly verifier: TokenVerifier,
  ) {}

  /** @param pair one that an issuer in another process has too; default: a new one */
  static async create(pair?: { readonly privateKey: CryptoKey; readonly publicKey: CryptoKey }): Promise<FakeIssuer> {
    const { privateKey, publicKey } = pair ?? (await generateKeyPair('EdDSA'));
    const config = { issuer: FakeIssuer.ISSUER, audience: FakeIssuer.AUDIENCE, keys: () => publicKey };
    return new FakeIssuer(privateKey, new TokenVerifier(config));
  }

  async authorization(principal: Principal, changes: TokenChanges = {}): Promise<string> {
    const nowS = Math.floor(Date.now() / 1000);
    const token = await new SignJWT({
      stella_tenant: principal.tenant,
      stella_organisation: principal.organisation,
      stella_roles: [...principal.roles],
    })
      .setProtectedHeader({ alg: 'EdDSA' })
      .setSubject(principal.subject)
      .setIssuer(changes.issuer ?? FakeIssuer.ISSUER)
      .setAudience(changes.audience ?? FakeIssuer.AUDIENCE)
      .setIssuedAt(nowS)
      .setExpirationTime(nowS + (changes.expiresInS ?? 300))
      .sign(this.key);
    return `Bearer ${token}`;
  }
}
