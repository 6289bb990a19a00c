/** What a proxy does to a connection, as Toxiproxy names it: https://github.com/Shopify/toxiproxy#toxics */
export interface Toxic {
  readonly type: 'latency' | 'bandwidth' | 'reset_peer' | 'timeout' | 'slicer';
  readonly attributes: Readonly<Record<string, number>>;
}

/** A proxy on loopback before one server. */
export class Proxy {
  private constructor(
    private readonly url: string,
    /** `host:port` that callers use in place of the server's. */
    readonly listen: string,
  ) {}

  /** @param at where it listens; by default wherever is free */
  static async open(api: string, name: string, upstream: string, at = '127.0.0.1:0'): Promise<Proxy> {
    // What an earlier run left.
    const known = (await send(`${api}/proxies`, 'GET')) as Readonly<Record<string, unknown>>;
    if (Object.hasOwn(known, name)) await send(`${api}/proxies/${name}`, 'DELETE');
    const { listen } = (await send(`${api}/proxies`, 'POST', { name, upstream, listen: at, enabled: true })) as { listen: string };
    return new Proxy(`${api}/proxies/${name}`, listen);
  }

  get port(): number {
    return Number(this.listen.slice(this.listen.lastIndexOf(':') + 1));
  }

  /** Of what the server answers; with `reset_peer` and `timeout` both ways end. */
  async make(toxic: Toxic): Promise<() => Promise<void>> {
    const { name } = (await send(`${this.url}/toxics`, 'POST', { ...toxic, stream: 'downstream', toxicity: 1 })) as { name: string };
    return async () => void (await send(`${this.url}/toxics/${name}`, 'DELETE'));
  }

  /** Ends every connection and takes no new one until it is restored. */
  async cut(): Promise<() => Promise<void>> {
    await send(this.url, 'POST', { enabled: false });
    return async () => void (await send(this.url, 'POST', { enabled: true }));
  }

  async close(): Promise<void> {
    await send(this.url, 'DELETE');
  }
}

async function send(url: string, method: string, body?: object): Promise<unknown> {
  const response = await fetch(url, { method, ...(body && { body: JSON.stringify(body), headers: { 'content-type': 'application/json' } }) });
  const text = await response.text();
  if (!response.ok) throw new Error(`Toxiproxy: ${method} ${url}: ${response.status} ${text}`);
  return text === '' ? undefined : JSON.parse(text);
}
