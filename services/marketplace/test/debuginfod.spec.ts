import { existsSync } from 'node:fs';
import { mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { request } from 'node:http';
import { createConnection } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { MarketplaceServiceService } from '@stella/contracts/stella/marketplace/v1alpha/marketplace';
import { DirectoryBlobStore } from '@stella/platform-blobs';
import { startTestDatabase, type TestDatabase } from '@stella/platform-database/testing';
import { startTestRuntime, type TestRuntime } from '@stella/platform-runtime/testing';
import { marketplaceService } from '../src/index.js';
import { buildProgram, FUNCTION, LINE, type Program, removeProgram, run } from './programs.js';
import { packed, type PackedFile, Publisher, sha256 } from './publisher.js';

let folder: string;
let database: TestDatabase;
let runtime: TestRuntime;
let program: Program;
let url: string;
let files: PackedFile[];

const start = async (): Promise<TestRuntime> =>
  startTestRuntime([marketplaceService({ trustedPublishers: [{ tenant: 'acme', namespaceId: 'acme' }] })], { database, blobs: await DirectoryBlobStore.open(join(folder, 'blobs')) });

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'stella-debuginfod-'));
  database = await startTestDatabase();
  runtime = await start();
  url = runtime.runtime.httpAddress;
  program = await buildProgram(41);
  const acme = await Publisher.create(runtime, 'acme', 'acme');
  files = [
    await packed(program.stripped, 'bin/anchor', 'elf-executable', program.buildId),
    await packed(program.debug, 'debug/anchor.debug', 'elf-debug', program.buildId),
    await packed(program.source, 'sources/src/anchor.c', 'source'),
  ];
  const pack = await acme.publish(files);
  expect(pack.publishTime).toBeDefined();
});

afterAll(async () => {
  await runtime?.stop();
  await database?.stop();
  if (program) await removeProgram(program);
  await rm(folder, { recursive: true, force: true });
});

const get = (path: string, init?: RequestInit): Promise<Response> => fetch(`${url}${path}`, init);
const bytesOf = async (response: Response): Promise<Buffer> => Buffer.from(await response.arrayBuffer());
const debugBytes = (): Buffer => files[1]?.bytes ?? Buffer.alloc(0);

/** `fetch` adds `cache-control: no-cache` to a conditional request. */
const statusFor = (headers: Record<string, string>): Promise<number | undefined> =>
  new Promise((resolve, reject) => request(`${url}/buildid/${program.buildId}/debuginfo`, { headers }, (response) => resolve(response.resume().statusCode)).on('error', reject).end());

describe('the web API', () => {
  // Before anything was served: what is kept in memory has proved right.
  test('bytes that went bad in the store never arrive whole', async () => {
    const digest = sha256(files[0]?.bytes ?? Buffer.alloc(0));
    const path = join(folder, 'blobs', 'sha256', digest.slice(0, 2), digest);
    const good = await readFile(path);
    try {
      await rm(path);
      await writeFile(path, Buffer.concat([good.subarray(0, -1), Buffer.from([~(good.at(-1) ?? 0) & 0xff])]));
      await expect(get(`/buildid/${program.buildId}/executable`).then(bytesOf)).rejects.toThrow();
      expect(await runtime.runtime.metrics.text()).toContain('marketplace_read_failures_total 1');
    } finally {
      await writeFile(path, good);
    }
    expect((await bytesOf(await get(`/buildid/${program.buildId}/executable`))).equals(good)).toBe(true);
  });

  test('serves the files of a build with their size, name, digest and lifetime', async () => {
    const response = await get(`/buildid/${program.buildId}/debuginfo`);
    expect(response.status).toBe(200);
    expect(Object.fromEntries(response.headers)).toMatchObject({
      'content-type': 'application/octet-stream',
      'content-length': String(debugBytes().length),
      'x-debuginfod-size': String(debugBytes().length),
      'x-debuginfod-file': 'anchor.debug',
      etag: `"${sha256(debugBytes())}"`,
      'cache-control': 'public, max-age=3600',
    });
    expect((await bytesOf(response)).equals(debugBytes())).toBe(true);
    const executable = await bytesOf(await get(`/buildid/${program.buildId.toUpperCase()}/executable`));
    expect(executable.equals(files[0]?.bytes ?? Buffer.alloc(0))).toBe(true);
  });

  test('answers HEAD and a known digest without the bytes', async () => {
    const head = await get(`/buildid/${program.buildId}/debuginfo`, { method: 'HEAD' });
    expect([head.status, head.headers.get('content-length'), (await bytesOf(head)).length]).toEqual([200, String(debugBytes().length), 0]);
    expect(await statusFor({ 'if-none-match': `"${sha256(debugBytes())}"` })).toBe(304);
    expect(await statusFor({ 'if-none-match': `"${'0'.repeat(64)}"` })).toBe(200);
  });

  test('serves a section from where its bytes are', async () => {
    const readSection = async (file: string, section: string): Promise<Buffer> => {
      await run('objcopy', ['--dump-section', `${section}=${join(folder, 'section')}`, file, join(folder, 'copy')]);
      return readFile(join(folder, 'section'));
    };
    const line = await get(`/buildid/${program.buildId}/section/.debug_line`);
    expect((await bytesOf(line)).equals(await readSection(program.full, '.debug_line'))).toBe(true);
    // The debug information describes the code, and holds none of its bytes.
    const text = await get(`/buildid/${program.buildId}/section/.text`);
    expect((await bytesOf(text)).equals(await readSection(program.stripped, '.text'))).toBe(true);
    expect((await get(`/buildid/${program.buildId}/section/.nothing`)).status).toBe(404);
  });

  test('serves sources from inside the pack only', async () => {
    const source = await get(`/buildid/${program.buildId}/source/src/anchor.c`);
    expect(await source.text()).toBe(await readFile(program.source, 'utf8'));
    for (const path of ['etc/passwd', '..%2f..%2f..%2fetc/passwd', '%2e%2e/bin/anchor', 'src/../../bin/anchor']) {
      expect((await get(`/buildid/${program.buildId}/source/${path}`)).status).toBe(404);
    }
  });

  test('a no says why when it is asked', async () => {
    const unknown = 'ab'.repeat(20);
    const plain = await get(`/buildid/${unknown}/debuginfo`);
    expect([plain.status, plain.headers.get('cache-control')]).toEqual([404, 'public, max-age=30']);
    expect(await (await get(`/buildid/${unknown}/debuginfo?explain=1`)).json()).toMatchObject({ found: false, reason: 'BUILD_ID_UNKNOWN', facts: { buildId: unknown, sources: 'published public packs' } });
    expect(await (await get(`/buildid/${program.buildId}/section/.x?explain=1`)).json()).toMatchObject({ reason: 'BUILD_FILE_UNKNOWN', facts: { section: '.x' } });
    expect((await get('/buildid/not-hex/debuginfo')).status).toBe(400);
    expect((await get(`/buildid/${program.buildId}/unheard-of`)).status).toBe(404);
  });

  test('counts hits and misses, and what share of look-ups was served', async () => {
    const text = await runtime.runtime.metrics.text();
    expect(text).toMatch(/marketplace_symbol_lookups_total\{protocol="debuginfod",outcome="hit"\} [1-9]/);
    expect(text).toMatch(/marketplace_symbol_lookups_total\{protocol="debuginfod",outcome="miss"\} [1-9]/);
    const coverage = Number(/marketplace_symbol_coverage_pct ([\d.]+)/.exec(text)?.[1]);
    expect(coverage).toBeGreaterThan(0);
    expect(coverage).toBeLessThan(100);
  });

  test('a client that goes away in the middle does no harm', async () => {
    const { hostname, port } = new URL(url);
    const socket = createConnection({ host: hostname, port: Number(port) });
    socket.write(`GET /buildid/${program.buildId}/debuginfo HTTP/1.1\r\nHost: x\r\n\r\n`);
    await new Promise((resolve) => socket.once('data', resolve));
    socket.destroy();
    expect((await get(`/buildid/${program.buildId}/debuginfo`)).status).toBe(200);
  });
});

/** The clients that exist. A machine without them says so by the name of the test; where results count it fails. */
function withTool(tool: string, name: string, work: () => Promise<void>): void {
  const isThere = (process.env.PATH ?? '').split(':').some((directory) => existsSync(join(directory, tool)));
  if (isThere) test(name, work, 60_000);
  else if (process.env.CI) test(`${name}: ${tool} IS NOT INSTALLED`, () => expect(`${tool} of PATH`).toBe('installed'));
  else test.skip(`${name}: SKIPPED, ${tool} IS NOT INSTALLED (apt-get install gdb debuginfod)`, () => undefined);
}

describe('clients that exist', () => {
  const environment = async (): Promise<NodeJS.ProcessEnv> => {
    const home = await mkdtemp(join(folder, 'home-'));
    await mkdir(join(home, 'cache'));
    return { PATH: process.env.PATH, HOME: home, XDG_CACHE_HOME: join(home, 'cache'), DEBUGINFOD_CACHE_PATH: join(home, 'cache'), DEBUGINFOD_URLS: `${url}/`, LC_ALL: 'C' };
  };

  withTool('debuginfod-find', 'elfutils finds debug information, executable and source, and takes a no for a no', async () => {
    const env = await environment();
    const find = async (...args: string[]): Promise<Buffer> => readFile((await run('debuginfod-find', args, { env })).stdout.trim());
    expect((await find('debuginfo', program.buildId)).equals(debugBytes())).toBe(true);
    expect((await find('executable', program.buildId)).equals(files[0]?.bytes ?? Buffer.alloc(0))).toBe(true);
    expect((await find('source', program.buildId, '/src/anchor.c')).equals(await readFile(program.source))).toBe(true);
    await expect(run('debuginfod-find', ['debuginfo', 'cd'.repeat(20)], { env })).rejects.toMatchObject({ stderr: expect.stringMatching(/No such file/) });
  });

  withTool('gdb', 'gdb names function and line of the stripped program, and shows the source', async () => {
    const env = await environment();
    const without = await gdb({ ...env, DEBUGINFOD_URLS: '' });
    expect(without).not.toContain(FUNCTION);
    const symbolised = await gdb(env);
    expect(symbolised).toContain(FUNCTION);
    expect(symbolised).toMatch(new RegExp(`Line ${LINE} of "[^"]*anchor\\.c"`));
    expect(symbolised).toContain('volatile int weight = links * 41;');
  });

  async function gdb(env: NodeJS.ProcessEnv): Promise<string> {
    const address = `0x${program.address.toString(16)}`;
    const commands = ['set debuginfod enabled on', `file ${program.stripped}`, `info symbol ${address}`, `info line *${address}+4`, `list *${address}+4`];
    const args = ['-nx', '-batch', ...commands.flatMap((command) => ['-ex', command])];
    // Its exit status is that of the last command, which fails where there are no symbols.
    const { stdout, stderr } = await run('gdb', args, { env, cwd: folder }).catch((error: { stdout: string; stderr: string }) => error);
    return stdout + stderr;
  }
});

test('after a restart everything is found as before', async () => {
  await runtime.stop();
  runtime = await start();
  url = runtime.runtime.httpAddress;
  expect((await bytesOf(await get(`/buildid/${program.buildId}/debuginfo`))).equals(debugBytes())).toBe(true);
  const client = runtime.client(MarketplaceServiceService);
  const { answers } = await client.lookUpBuildIds({ buildIds: [program.buildId] });
  expect(answers[0]?.files).toHaveLength(2);
  const { locations } = await client.symbolize({ locations: [{ buildId: program.buildId, offset: program.address + 4n }] });
  expect(locations[0]?.frames[0]).toMatchObject({ functionName: FUNCTION, line: LINE });
});
