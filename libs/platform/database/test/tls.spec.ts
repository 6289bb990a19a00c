import { Database, databaseConnection, migrate } from '@stella/platform-database';
import { startTestDatabase, type TestDatabase } from '@stella/platform-database/testing';
import { type Certificate, certificateFor, tlsProxy } from './tls-proxy.js';

let server: TestDatabase;
let certificate: Certificate;
let secured: Awaited<ReturnType<typeof tlsProxy>>;
let plain: Awaited<ReturnType<typeof tlsProxy>>;
beforeAll(async () => {
  server = await startTestDatabase();
  await server.service('tls');
  certificate = certificateFor('localhost');
  const socket = `${String(server.administrator.host)}/.s.PGSQL.5432`;
  secured = await tlsProxy(socket, certificate);
  plain = await tlsProxy(socket);
}, 60_000);
afterAll(async () => {
  secured?.stop();
  plain?.stop();
  await server?.stop();
}, 30_000);

async function ask(port: number, host: string, mode: string, certificateAuthority?: string): Promise<string> {
  const url = `postgresql://stella_tls@${host}:${port}/stella${mode === '' ? '' : `?sslmode=${mode}`}`;
  const database = new Database({ connection: databaseConnection({ url, ...(certificateAuthority === undefined ? {} : { certificateAuthority }) }), name: 'tls' });
  try {
    return ((await database.query<{ answer: string }>(`SELECT 'yes' AS answer`))[0] as { answer: string }).answer;
  } catch (error) {
    const { reason, facts } = error as { reason: string; facts: { code: string } };
    return `${reason} ${facts.code}`;
  } finally {
    await database.close();
  }
}

test('a server is taken by its certificate, by its authority alone, or by neither, as the mode says', async () => {
  const { certificate: authority } = certificate;
  expect(await ask(secured.port, 'localhost', 'verify-full', authority)).toBe('yes');
  expect(await ask(secured.port, 'localhost', '', authority)).toBe('yes');
  expect(await ask(secured.port, '127.0.0.1', 'verify-full', authority)).toBe('DATABASE_REFUSED ERR_TLS_CERT_ALTNAME_INVALID');
  expect(await ask(secured.port, '127.0.0.1', 'verify-ca', authority)).toBe('yes');
  expect(await ask(secured.port, 'localhost', 'verify-full')).toBe('DATABASE_REFUSED DEPTH_ZERO_SELF_SIGNED_CERT');
  expect(await ask(secured.port, 'localhost', 'verify-ca', certificateFor('localhost').certificate)).toBe('DATABASE_REFUSED DEPTH_ZERO_SELF_SIGNED_CERT');
  expect(await ask(secured.port, 'localhost', 'require')).toBe('yes');
});

test('a server without TLS is not talked to where TLS was asked for', async () => {
  expect(await ask(plain.port, 'localhost', 'require')).toBe('DATABASE_REFUSED NO_TLS');
  expect(await ask(plain.port, 'localhost', 'disable')).toBe('yes');
});

test('an account or a database that is not there is told, to a migration too', async () => {
  const nobody = databaseConnection({ url: `postgresql://nobody@localhost:${plain.port}/stella` });
  const nowhere = databaseConnection({ url: `postgresql://stella_tls@localhost:${plain.port}/nowhere` });
  await expect(migrate(nobody, [])).rejects.toMatchObject({ reason: 'DATABASE_REFUSED', facts: { code: '28000' } });
  await expect(migrate(nowhere, [])).rejects.toMatchObject({ reason: 'DATABASE_REFUSED', facts: { code: '3D000' } });
});
