import { TOKEN_MEMORY_MS, TOKENS_REMEMBERED_MAX } from './limits.js';
import type { Principal } from './principal.js';

/**
 * Whose tokens were verified a moment ago: one caller sends the same token with every call, and a signature costs more
 * than everything else that is done before a handler. Refusals are not remembered.
 */
export class TokenMemory {
  readonly #known = new Map<string, { readonly principal: Principal; readonly untilMs: number }>();

  find(token: string, nowMs: number): Principal | undefined {
    const found = this.#known.get(token);
    if (found === undefined) return undefined;
    if (nowMs < found.untilMs) return found.principal;
    this.#known.delete(token);
    return undefined;
  }

  /** @param endsAtMs the token's own end; it is forgotten sooner */
  remember(token: string, principal: Principal, endsAtMs: number, nowMs: number): void {
    const [oldest] = this.#known.size >= TOKENS_REMEMBERED_MAX ? this.#known.keys() : [];
    if (oldest !== undefined) this.#known.delete(oldest);
    this.#known.set(token, { principal, untilMs: Math.min(endsAtMs, nowMs + TOKEN_MEMORY_MS) });
  }
}
