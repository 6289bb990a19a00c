const REDACTED = '[redacted]';
const DEPTH_MAX = 6;
/** Compared without case, dashes and underscores, so that `api_key`, `apiKey` and `API-KEY` are one. */
const SECRET_NAMES = new Set([
  'authorization',
  'proxyauthorization',
  'cookie',
  'setcookie',
  'token',
  'accesstoken',
  'refreshtoken',
  'idtoken',
  'password',
  'passphrase',
  'secret',
  'clientsecret',
  'privatekey',
  'secretkey',
  'signingkey',
  'apikey',
]);
const SECRET_TEXT = /\b(bearer\s+)[\w.~+/=-]{8,}|\beyJ[\w-]{8,}\.[\w-]{8,}\.[\w-]*|-----BEGIN [A-Z ]*PRIVATE KEY-----[\s\S]*?(?:-----END [A-Z ]*PRIVATE KEY-----|$)/gi;

function isSecretName(name: string): boolean {
  return SECRET_NAMES.has(name.replace(/[-_]/g, '').toLowerCase());
}

/** Blanks bearer tokens, JWTs and private keys wherever they stand in a text. */
export function redactText(text: string): string {
  return text.replace(SECRET_TEXT, (_match, scheme: string | undefined) => `${scheme ?? ''}${REDACTED}`);
}

/** A copy that is safe to log: secret members blanked at any depth, bytes as their length, cycles and great depth cut. */
export function redact(value: unknown, depth = 0): unknown {
  if (typeof value === 'string') return redactText(value);
  if (typeof value === 'bigint') return value.toString();
  if (typeof value !== 'object' || value === null || value instanceof Date) return value;
  if (value instanceof Uint8Array) return `[${value.byteLength} bytes]`;
  if (depth >= DEPTH_MAX) return '[deeper]';
  if (value instanceof Error) return redactError(value, depth);
  if (Array.isArray(value)) return value.map((member) => redact(member, depth + 1));
  const toJSON = (value as { toJSON?: unknown }).toJSON;
  if (typeof toJSON === 'function') return redact(toJSON.call(value), depth + 1);
  return Object.fromEntries(Object.entries(value).map(([name, member]) => [name, isSecretName(name) ? REDACTED : redact(member, depth + 1)]));
}

function redactError(error: Error, depth: number): Record<string, unknown> {
  const { name, message, stack, cause, ...rest } = error;
  return {
    ...(redact(rest, depth + 1) as Record<string, unknown>),
    type: name ?? error.constructor.name,
    message: redactText(message),
    stack: redactText(stack ?? ''),
    ...(cause === undefined ? {} : { cause: redact(cause, depth + 1) }),
  };
}
