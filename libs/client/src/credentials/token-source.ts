/** Where the bearer tokens of calls come from. */
export interface TokenSource {
  token(): Promise<string>;
  /** Forgets a token that the server refused; absent where there is only one. */
  renew?(): void;
}

/** One token, or the caller's own way to get them. */
export function tokenSource(token: string | (() => string | Promise<string>)): TokenSource {
  return { token: async () => (typeof token === 'string' ? token : token()) };
}
