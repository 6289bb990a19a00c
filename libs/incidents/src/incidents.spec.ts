import { execFileSync, spawnSync } from 'node:child_process';
import { mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { resolveRelease, sha256OfFile } from './artifacts.js';
import { type Incident, INCIDENTS, incidentById, passes, type ReleaseName } from './incidents.js';
import { buildLua } from './lua-build.js';
import { runTool } from './run-tool.js';

const cacheDir = mkdtempSync(join(tmpdir(), 'incidents-'));
afterAll(() => rmSync(cacheDir, { recursive: true }));

async function run(incident: Incident, release: ReleaseName) {
  const { program } = await resolveRelease(release, { cacheDir });
  const { status, signal, stdout, stderr } = spawnSync(program, incident.args, { input: incident.stdin, env: {}, cwd: '/', encoding: 'utf8' });
  return { exitCode: status, signal, stdout, stderr };
}

test('there are six incidents, each with what its owner calls fixed', () => {
  expect(INCIDENTS.map(({ id }) => id).sort()).toEqual([
    'esbuild-2892', 'esbuild-2991', 'esbuild-3052', 'esbuild-3205', 'esbuild-3551', 'lua-CVE-2020-24370',
  ]);
  for (const { pass } of INCIDENTS) expect(pass).toEqual({ exitCode: 0, stdout: expect.stringMatching(/./) });
  expect(() => incidentById('nobody')).toThrow(expect.objectContaining({ reason: 'INCIDENT_UNKNOWN' }));
});

test.each(INCIDENTS.map((incident) => [incident.id, incident] as const))('%s happens on the bad release and not on the good one', async (_, incident) => {
  const bad = await run(incident, incident.bad);
  const good = await run(incident, incident.good);
  expect(passes(incident.pass, good)).toBe(true);
  expect(passes(incident.pass, bad)).toBe(false);
  if (incident.kind === 'native-signal') expect(bad.signal).toBe('SIGSEGV');
  else expect([1, 2]).toContain(bad.exitCode);
  if (incident.kind === 'go-panic') expect(bad.stderr).toMatch(/panic|stack overflow/);
}, 120_000);

test('the stripped Lua has no names, its debug file has them under the same build id, and a second build gives the same bytes', async () => {
  const version = incidentById('lua-CVE-2020-24370').bad.version;
  const first = await buildLua(version, { cacheDir });
  const other = join(cacheDir, 'elsewhere', 'deeper');
  const second = await buildLua(version, { cacheDir: other });
  expect(second.stripped).not.toBe(first.stripped);
  expect(await sha256OfFile(second.stripped)).toBe(await sha256OfFile(first.stripped));
  expect(await sha256OfFile(second.debug)).toBe(await sha256OfFile(first.debug));
  const buildId = (path: string): string | undefined => /Build ID: ([0-9a-f]{40})/.exec(execFileSync('readelf', ['-n', path], { encoding: 'utf8' }))?.[1];
  expect(buildId(first.stripped)).toMatch(/^[0-9a-f]{40}$/);
  expect(buildId(first.debug)).toBe(buildId(first.stripped));
  expect(execFileSync('nm', [first.debug], { encoding: 'utf8' })).toContain('luaG_findlocal');
  expect(spawnSync('nm', [first.stripped], { encoding: 'utf8' }).stderr).toContain('no symbols');
  // Nothing half-done stays behind, and what is built is found again.
  expect(readdirSync(other).filter((name) => name.startsWith('building-'))).toEqual([]);
  expect((await buildLua(version, { cacheDir })).stripped).toBe(first.stripped);
}, 120_000);

test('a release that is not installed and a tool that is missing are said so', async () => {
  const unknown = { program: 'esbuild', version: '0.0.1', name: 'esbuild@0.0.1' } as const;
  await expect(resolveRelease(unknown, { cacheDir })).rejects.toMatchObject({ reason: 'RELEASE_UNAVAILABLE' });
  await expect(resolveRelease({ ...unknown, program: 'lua', version: '1.0.0' }, { cacheDir })).rejects.toMatchObject({ reason: 'RELEASE_UNAVAILABLE' });
  await expect(runTool('no-such-compiler', [])).rejects.toMatchObject({ reason: 'TOOL_MISSING', facts: { tool: 'no-such-compiler' } });
  await expect(runTool('gcc', ['/nowhere.c'])).rejects.toMatchObject({ reason: 'BUILD_FAILED' });
});
