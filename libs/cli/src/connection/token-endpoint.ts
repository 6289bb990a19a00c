import { DomainError } from '@stella/errors';
import { limits } from '../limits.js';

/** What the issuer's discovery document says (OpenID Connect Discovery 1.0, section 4). @throws DomainError USAGE_INVALID, UNAVAILABLE, CONNECTION_INVALID */
export async function tokenEndpointOf(issuer: string, signal?: AbortSignal): Promise<string> {
  if (!URL.canParse(issuer)) throw new DomainError('USAGE_INVALID', { option: '--issuer', given: issuer.slice(0, 200), wanted: 'a URL' });
  const timeout = AbortSignal.timeout(limits.probeMs);
  const response = await fetch(`${issuer.replace(/\/$/, '')}/.well-known/openid-configuration`, { signal: signal ? AbortSignal.any([signal, timeout]) : timeout }).catch((cause: unknown) => {
    throw new DomainError('UNAVAILABLE', { part: 'identity provider', issuer }, { cause });
  });
  const text = await response.text();
  if (!response.ok) throw new DomainError('UNAVAILABLE', { part: 'identity provider', issuer, status: String(response.status) });
  const metadata = text.length > limits.connectionBytesMax ? undefined : parsed(text);
  if (metadata?.['issuer'] !== issuer) throw new DomainError('CONNECTION_INVALID', { problem: 'the address answers for another issuer, or for none', issuer });
  const endpoint = metadata['token_endpoint'];
  if (typeof endpoint !== 'string' || !URL.canParse(endpoint)) throw new DomainError('CONNECTION_INVALID', { problem: 'the issuer names no token endpoint', issuer });
  return endpoint;
}

function parsed(text: string): Readonly<Record<string, unknown>> | undefined {
  try {
    const value: unknown = JSON.parse(text);
    return typeof value === 'object' && value !== null ? (value as Record<string, unknown>) : undefined;
  } catch {
    return undefined;
  }
}
