import { DomainError } from '@stella/errors';
import type { ClientConfig } from 'pg';

type Tls = Exclude<ClientConfig['ssl'], undefined>;

export interface DatabaseAddress {
  /**
   * `postgresql://role:password@host:5432/database?sslmode=…` with libpq's modes `disable`, `require` (encrypted, the
   * server is not checked), `verify-ca` and `verify-full`; a socket folder is given by `?host=/folder`, which takes the place of the host.
   */
  readonly url: string;
  /** PEM of who signed the server's certificate; default: the system's roots. */
  readonly certificateAuthority?: string;
  /** PEM of our own, where the server asks for one. */
  readonly certificate?: string;
  readonly key?: string;
}

const PARAMETERS = new Set(['host', 'sslmode']);

/**
 * What `pg` connects with. Of a certificate authority without a mode `verify-full` follows: nobody names one to have it
 * overlooked. @throws DomainError CONFIG_INVALID; the URL is not repeated, as it holds the password
 */
export function databaseConnection(address: DatabaseAddress): ClientConfig {
  const invalid = (problem: string) => new DomainError('CONFIG_INVALID', { problems: `the address of the database: ${problem}` });
  if (!URL.canParse(address.url)) throw invalid('it is no URL');
  const url = new URL(address.url);
  if (url.protocol !== 'postgresql:' && url.protocol !== 'postgres:') throw invalid('it begins with postgresql://');
  const unknown = [...url.searchParams.keys()].find((name) => !PARAMETERS.has(name));
  if (unknown !== undefined) throw invalid(`the parameter ${unknown} is not known`);
  const database = decodeURIComponent(url.pathname.slice(1));
  if (database === '') throw invalid('it names no database');
  const ssl = tlsOf(url.searchParams.get('sslmode') ?? undefined, address);
  if (ssl === undefined) throw invalid('sslmode is disable, require, verify-ca or verify-full');
  return {
    host: url.searchParams.get('host') ?? (url.hostname.replace(/^\[|\]$/g, '') || 'localhost'),
    ...(url.port === '' ? {} : { port: Number(url.port) }),
    database,
    user: decodeURIComponent(url.username),
    ...(url.password === '' ? {} : { password: decodeURIComponent(url.password) }),
    ssl,
  };
}

function tlsOf(mode: string | undefined, { certificateAuthority: ca, certificate: cert, key }: DatabaseAddress): Tls | undefined {
  const own = { ...(ca === undefined ? {} : { ca }), ...(cert === undefined ? {} : { cert }), ...(key === undefined ? {} : { key }) };
  switch (mode ?? (ca === undefined ? 'disable' : 'verify-full')) {
    case 'disable':
      return false;
    case 'require':
      return { ...own, rejectUnauthorized: false };
    case 'verify-ca':
      return { ...own, checkServerIdentity: () => undefined };
    case 'verify-full':
      return own;
    default:
      return undefined;
  }
}
