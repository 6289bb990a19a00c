import { mkdtemp, readFile, rm, stat, writeFile } from 'node:fs/promises';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseConnection } from '../src/index.js';
import { type Ran, run } from './support/run.js';

let folder: string;
let server: Server;
let issuer: string;
let metadata: () => string;

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'stella-connect-'));
  server = createServer((_, response) => void response.end(metadata()));
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  issuer = `http://127.0.0.1:${(server.address() as AddressInfo).port}/realms/acme`;
  await writeFile(join(folder, 'secret'), 'hidden\n');
});
beforeEach(() => {
  metadata = () => JSON.stringify({ issuer, token_endpoint: `${issuer}/token`, more: 1.5 });
});
afterAll(async () => {
  server.close();
  await rm(folder, { recursive: true });
});

const connect = (more: readonly string[] = [], input?: string): Promise<Ran> =>
  run(['--connection', 'connection.json', 'connect', 'stella.acme.example:443', '--http', 'https://stella.acme.example/', '--issuer', issuer, '--client-id', 'pipeline', ...more], { cwd: folder, ...(input === undefined ? {} : { input }) });
const written = async () => parseConnection(await readFile(join(folder, 'connection.json')));

test('an installation is reached by one address, or by one a service; the secret comes by file or standard input', async () => {
  expect(await connect(['--client-secret-file', 'secret', '--service', 'psdi=psdi:7070', '--service', 'replay-worker=127.0.0.1:7071'])).toMatchObject({ code: 0 });
  expect(await written()).toEqual({
    grpcAddress: 'stella.acme.example:443',
    grpcAddresses: { psdi: 'psdi:7070', 'replay-worker': '127.0.0.1:7071' },
    httpAddress: 'https://stella.acme.example',
    issuer,
    tokenEndpoint: `${issuer}/token`,
    audience: 'urn:stella:api',
    clientId: 'pipeline',
    clientSecret: 'hidden',
  });
  expect((await stat(join(folder, 'connection.json'))).mode & 0o777).toBe(0o600);
  expect(await connect([], 'by hand\n')).toMatchObject({ code: 0 });
  expect(await written()).toMatchObject({ clientSecret: 'by hand' });
  expect((await written()).grpcAddresses).toBeUndefined();
});

test.each([
  ['no secret', [], '', 2, 'USAGE_INVALID'],
  ['a service that there is not', ['--service', 'nothing=a:1'], 's', 2, 'USAGE_INVALID'],
  ['a service without an address', ['--service', 'psdi'], 's', 2, 'USAGE_INVALID'],
  ['an issuer that is none', ['--issuer', 'nowhere'], 's', 2, 'USAGE_INVALID'],
  ['an issuer that is not there', ['--issuer', 'http://127.0.0.1:9'], 's', 4, 'UNAVAILABLE'],
])('%s is told', async (_, more, input, code, reason) => {
  const ran = await connect(more, input);
  expect([ran.code, ran.err]).toEqual([code, expect.stringContaining(reason)]);
});

test.each([
  ['answers for another one', () => JSON.stringify({ issuer: 'https://other.example', token_endpoint: 'https://other.example/token' })],
  ['names no token endpoint', () => JSON.stringify({ issuer })],
  ['answers with no JSON', () => '<html>'],
  ['answers without end', () => JSON.stringify({ issuer, token_endpoint: 'x'.repeat(70_000) })],
])('an issuer that %s is refused', async (_, answer) => {
  metadata = answer;
  const ran = await connect([], 's');
  expect([ran.code, ran.err]).toEqual([4, expect.stringContaining('CONNECTION_INVALID')]);
});
