import type { Addresses } from '../../servers/index.mjs';

/** What a test changes in a running realm, by Keycloak's administration API. */
export class KeycloakAdmin {
  private constructor(
    private readonly url: string,
    private readonly token: string,
  ) {}

  static async login({ url, realm, adminUser, adminPassword }: Addresses['oidc']): Promise<KeycloakAdmin> {
    const body = new URLSearchParams({ grant_type: 'password', client_id: 'admin-cli', username: adminUser, password: adminPassword });
    const response = await fetch(`${url}/realms/master/protocol/openid-connect/token`, { method: 'POST', body });
    const { access_token: token } = (await response.json()) as { access_token: string };
    return new KeycloakAdmin(`${url}/admin/realms/${realm}`, token);
  }

  /** Ids of the providers of RSA signing keys. */
  async keyProviders(): Promise<string[]> {
    const components = (await (await this.#request('GET', '/components?type=org.keycloak.keys.KeyProvider')).json()) as { id: string; providerId: string }[];
    return components.filter(({ providerId }) => providerId === 'rsa-generated').map(({ id }) => id);
  }

  /** A new key, by which everything is signed if its priority is the highest; its provider's id. */
  async addKey(priority: number): Promise<string> {
    const config = { priority: [String(priority)], enabled: ['true'], active: ['true'], keySize: ['2048'], algorithm: ['RS256'] };
    const { id: parentId } = (await (await this.#request('GET', '')).json()) as { id: string };
    const component = { name: `rotated-${priority}-${Date.now()}`, providerId: 'rsa-generated', providerType: 'org.keycloak.keys.KeyProvider', parentId, config };
    const response = await this.#request('POST', '/components', component);
    return response.headers.get('location')?.split('/').at(-1) ?? '';
  }

  async removeKey(id: string): Promise<void> {
    await this.#request('DELETE', `/components/${id}`);
  }

  async #request(method: string, path: string, body?: object): Promise<Response> {
    const headers = { authorization: `Bearer ${this.token}`, 'content-type': 'application/json' };
    const response = await fetch(`${this.url}${path}`, { method, headers, ...(body === undefined ? {} : { body: JSON.stringify(body) }) });
    if (!response.ok) throw new Error(`${method} ${path}: ${response.status} ${await response.text()}`);
    return response;
  }
}
