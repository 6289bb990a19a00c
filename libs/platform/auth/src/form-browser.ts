/** A page, or the address on which a redirect ended that nobody serves here. */
export interface Page {
  readonly url: string;
  readonly status: number;
  readonly html: string;
}

const REDIRECTS_MAX = 15;

/** As much of a browser as a login needs: cookies, redirects, and forms that are filled in. For tests. */
export class FormBrowser {
  readonly #cookies = new Map<string, string>();

  /** @param stopAt redirects to addresses that begin with it are not followed */
  constructor(private readonly stopAt: string) {}

  open(url: string): Promise<Page> {
    return this.#request(url, {});
  }

  /** Sends the page's first form with its own hidden fields and the given ones. */
  submit(page: Page, values: Readonly<Record<string, string>>): Promise<Page> {
    const [, attributes = '', inner = ''] = /<form([^>]*)>([\s\S]*?)<\/form>/i.exec(page.html) ?? [];
    const action = decode(/action="([^"]*)"/i.exec(attributes)?.[1] ?? page.url);
    const fields = new URLSearchParams();
    for (const [input] of inner.matchAll(/<input[^>]*>/gi)) {
      const [name, value] = ['name', 'value'].map((attribute) => new RegExp(`\\s${attribute}="([^"]*)"`, 'i').exec(input)?.[1]);
      if (name !== undefined && /type="hidden"/i.test(input)) fields.set(name, decode(value ?? ''));
    }
    for (const [name, value] of Object.entries(values)) fields.set(name, value);
    return this.#request(new URL(action, page.url).href, { method: 'POST', body: fields });
  }

  async #request(url: string, init: RequestInit, redirects = 0): Promise<Page> {
    const cookie = [...this.#cookies].map(([name, value]) => `${name}=${value}`).join('; ');
    const response = await fetch(url, { ...init, redirect: 'manual', headers: { cookie, accept: 'text/html' } });
    for (const line of response.headers.getSetCookie()) {
      const [, name = '', value = ''] = /^([^=]+)=([^;]*)/.exec(line) ?? [];
      if (value === '' || /max-age=0|expires=thu, 01[ -]jan[ -]1970/i.test(line)) this.#cookies.delete(name);
      else this.#cookies.set(name, value);
    }
    const location = response.headers.get('location');
    if (response.status < 300 || response.status >= 400 || location === null) return { url, status: response.status, html: await response.text() };
    const next = new URL(location, url).href;
    if (next.startsWith(this.stopAt)) return { url: next, status: response.status, html: '' };
    if (redirects >= REDIRECTS_MAX) throw new Error(`more than ${REDIRECTS_MAX} redirects, at ${next}`);
    return this.#request(next, {}, redirects + 1);
  }
}

function decode(html: string): string {
  return html.replaceAll('&amp;', '&').replaceAll('&quot;', '"').replaceAll('&#39;', "'").replaceAll('&#x2F;', '/');
}
