import { mkdtemp, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Command } from 'commander';
import { buildProgram, CommandEnd, defaultDataFolder, EXIT, findRelease, packageUrl, parseConnection, releaseLabel, runProgram, writeConnection } from '../src/index.js';
import { clockSkew, nodeVersion } from '../src/doctor/checks.js';
import { visible } from '../src/render/visible.js';
import { run } from './support/run.js';

const CONNECTION = { grpcAddress: '127.0.0.1:1', httpAddress: '127.0.0.1:2', issuer: 'http://127.0.0.1:3', tokenEndpoint: 'http://127.0.0.1:3/token', audience: 'urn:stella:api', clientId: 'operator', clientSecret: 'hidden' };

function commandsOf(command: Command): Command[] {
  return command.commands.flatMap((child) => [child, ...commandsOf(child)]);
}

const sink = { write: () => true };
const IO = { stdout: sink, stderr: sink, env: {}, cwd: '/', isTty: false, now: () => new Date() };

test('every command that does something has a help with an example', async () => {
  const leaves = commandsOf(await buildProgram(IO)).filter(({ commands }) => commands.length === 0);
  expect(leaves.length).toBeGreaterThan(30);
  for (const leaf of leaves) {
    const path: string[] = [];
    for (let at: Command | null = leaf; at?.parent; at = at.parent) path.unshift(at.name());
    const { code, out } = await run([...path, '--help']);
    expect([path.join(' '), code]).toEqual([path.join(' '), 0]);
    expect(out).toMatch(/\nExample:\n {2}\$ .*stella /);
    expect(out).toContain('--json');
  }
});

test('what is not a command, or nothing at all, is 2', async () => {
  for (const argv of [[], ['pack'], ['frobnicate'], ['doctor', 'extra'], ['gate', '--nonsense']]) expect([argv, (await run(argv)).code]).toEqual([argv, 2]);
  expect(await run(['gat'])).toMatchObject({ err: expect.stringMatching(/gate[^]*add --help/) });
  expect((await run(['gate', '--candidate', 'x'])).err).toMatch(/--baseline[^]*add --help/);
});

test('what is asked of the command itself', async () => {
  expect(await run(['--version'])).toMatchObject({ code: 0, out: '0.1.0\n' });
  expect(await run(['--help'])).toMatchObject({ code: 0, out: expect.stringMatching(/\nExamples:\n {2}\$ stella up .*npm start[^]*Exit codes: 0 yes/) });
});

test('only what is asked for is loaded, and everything for the help', async () => {
  const names = async (...argv: string[]): Promise<string[]> => commandsOf(await buildProgram(IO, argv)).map((command) => command.name());
  expect(await names('verify', 'x')).toEqual(['verify']);
  expect(await names('--json', '--connection', 'gate', 'doctor')).toEqual(['doctor']);
  expect(await names('delta', 'verify', 'x')).toEqual(['delta', 'verify']);
  expect(await names('delta')).toEqual(expect.arrayContaining(['index', 'diff', 'verify', 'find']));
  for (const argv of [[], ['--help'], ['help', 'gate'], ['gat'], ['up']]) expect((await names(...argv)).length).toBeGreaterThan(30);
});

test('without a connection nothing can be checked', async () => {
  const { code, err, out } = await run(['policy', 'list']);
  expect([code, out]).toEqual([4, '']);
  expect(err).toMatch(/^CONNECTION_MISSING: [^]*path: \/nonexistent\/connection\.json\n[^]*next: start it with `stella up`/);
});

test('a connection file is for its owner only, and its secret is in no error', async () => {
  const folder = await mkdtemp(join(tmpdir(), 'stella-connection-'));
  try {
    const path = join(folder, 'connection.json');
    await writeConnection(path, CONNECTION);
    expect((await stat(path)).mode & 0o777).toBe(0o600);
    await writeFile(path, JSON.stringify({ ...CONNECTION, extra: 'hidden' }));
    const { code, err } = await run(['policy', 'list'], { env: { STELLA_CONNECTION: path } });
    expect([code, err.split(':')[0]]).toEqual([4, 'CONNECTION_INVALID']);
    expect(err).toContain('extra');
    expect(err).not.toContain('hidden');
    await writeConnection(path, CONNECTION);
    expect((await run(['policy', 'list'], { env: { STELLA_CONNECTION: path } })).err).toMatch(/^UNAVAILABLE/);
  } finally {
    await rm(folder, { recursive: true });
  }
});

test('a connection has all its members', () => {
  expect(parseConnection(Buffer.from(JSON.stringify(CONNECTION)))).toEqual(CONNECTION);
  for (const name of Object.keys(CONNECTION)) expect(() => parseConnection(Buffer.from(JSON.stringify({ ...CONNECTION, [name]: undefined })))).toThrow(expect.objectContaining({ reason: 'CONNECTION_INVALID' }));
  expect(() => parseConnection(Buffer.from('{"grpcAddress":"a","grpcAddress":"b"}'))).toThrow(expect.objectContaining({ reason: 'CONNECTION_INVALID' }));
});

test('the data folder', () => {
  expect(defaultDataFolder({ STELLA_HOME: '/srv/stella' }, true)).toBe('/srv/stella');
  expect(defaultDataFolder({}, true)).toBe('/var/lib/stella');
  expect(defaultDataFolder({ HOME: '/home/ada' }, false)).toBe('/home/ada/.local/share/stella');
});

test('releases go by the version of the program', () => {
  expect(findRelease('lua@5.4.0')).toBe(findRelease('lua@540.0.0'));
  expect(['lua@544.0.1', 'esbuild@0.18.12'].map((name) => findRelease(name)).map((release) => release && [releaseLabel(release), packageUrl(release)])).toEqual([
    ['lua@5.4.4', 'pkg:generic/lua@5.4.4'],
    ['esbuild@0.18.12', 'pkg:npm/%40esbuild/linux-x64@0.18.12'],
  ]);
  expect(findRelease('lua@5.3.0')).toBeUndefined();
});

test('a program that was given more commands runs them with the same exit codes', async () => {
  const program = await buildProgram(IO, ['up']);
  program.command('up').action(() => {
    throw new CommandEnd(EXIT.review);
  });
  expect(await runProgram(program, ['up'], IO)).toBe(3);
});

test('doctor tells what it found of each thing', async () => {
  const { code, json } = await run(['doctor', '--json']);
  expect(code).not.toBe(0);
  expect(json.findings.map(({ check }: { check: string }) => check)).toEqual(['Node.js', 'native executable', 'capsule', 'connection', 'clock']);
  expect(json.findings.slice(3)).toEqual(Array.from({ length: 2 }, () => expect.objectContaining({ state: 'unchecked', next: expect.stringContaining('stella up') })));
});

test('doctor: versions and clocks', () => {
  expect(['24.0.0', '22.9.0', 'x'].map((version) => nodeVersion(version).state)).toEqual(['ok', 'failed', 'failed']);
  const now = new Date('2026-06-01T12:00:00Z');
  const after = (ms: number): Date => new Date(now.getTime() + ms);
  expect([clockSkew(now, after(30_000)), clockSkew(now, after(-30_001)), clockSkew(now, undefined)].map(({ state }) => state)).toEqual(['ok', 'failed', 'unchecked']);
});

test('a terminal gets text that only can be read', () => {
  expect(visible('a\tb\nc')).toBe('a\tb\nc');
  expect(visible('\u001b]0;x\u0007 \u202eevil \u0000 \r\u009b')).toBe('\\u{1b}]0;x\\u{7} \\u{202e}evil \\u{0} \\u{d}\\u{9b}');
});
