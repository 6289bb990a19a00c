import { chmodSync, copyFileSync, mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { publicKeyToPem } from '@stella/attestation';
import { releaseCacheFolder } from '@stella/cli';
import { MatchVerdict, type Stack, type StackMatch } from '@stella/contracts/stella/csfg/v1alpha/csfg';
import { incidentById, resolveRelease, type ReleaseFiles } from '@stella/incidents';
import { OneNode } from './support/one-node.js';
import { otherLuaBuild } from './support/other-lua-build.js';

const INCIDENT = incidentById('lua-CVE-2020-24370');

let here: OneNode;
let lua: ReleaseFiles;

beforeAll(async () => {
  here = await OneNode.start('symbols');
  const { folder, node } = here;
  writeFileSync(join(folder, 'publisher.pub.pem'), publicKeyToPem(node.installation.keys.publisher.publicKey));
  writeFileSync(join(folder, 'publisher.pem'), node.installation.keys.publisher.toPem(), { mode: 0o600 });
  lua = await resolveRelease(INCIDENT.bad, { cacheDir: releaseCacheFolder({ STELLA_HOME: folder }) });
}, 120_000);

afterAll(() => here?.stop(), 60_000);

/** Records the crash of a program as an incident; gives its unwound stack as the capsule saw it. */
async function crashOf(program: string, incident: string): Promise<Buffer> {
  const script = join(here.folder, 'crash.lua');
  writeFileSync(script, INCIDENT.stdin);
  const recorded = await here.stella.run('witness', 'record', '--incident', incident, '--artifact', program, '--stdin', script);
  expect(recorded).toMatchObject({ exitCode: 0, error: undefined });
  const { witness } = await here.client.frvf.getWitness({ name: recorded.answer.witness.name });
  expect(witness).toMatchObject({ stackFormat: 'native-json' });
  return Buffer.from(witness?.stack ?? []);
}

async function storedStackOf(incident: string): Promise<Stack> {
  const { stacks } = await here.client.csfg.listStacks({ incident });
  expect(stacks).toHaveLength(1);
  return stacks[0] as Stack;
}

/** What a crash matches of an incident, best first. */
async function matchesOf(stack: Buffer, incident: string): Promise<StackMatch[]> {
  const { matches } = await here.client.csfg.matchStack({ query: { $case: 'source', value: { source: { $case: 'nativeJson', value: stack } } } });
  return matches.filter((match) => match.incident === incident);
}

async function publishPack({ program, debug }: ReleaseFiles): Promise<void> {
  const files = join(here.folder, 'pack');
  mkdirSync(files, { recursive: true });
  copyFileSync(program, join(files, 'lua'));
  copyFileSync(debug ?? '', join(files, 'lua.debug'));
  chmodSync(join(files, 'lua'), 0o755);
  const [manifest, envelope] = [join(files, 'manifest.json'), join(files, 'manifest.dsse.json')];
  const run = async (...argv: string[]) => expect(await here.stella.run('pack', ...argv)).toMatchObject({ exitCode: 0, error: undefined });
  await run('init', join(files, 'lua'), join(files, 'lua.debug'), '--name', 'own/lua', '--pack-version', '5.4.0', '--licence', 'MIT', '--out', manifest);
  await run('sign', manifest, '--key', join(here.folder, 'publisher.pem'), '--out', envelope);
  await run('publish', envelope, '--public-key', join(here.folder, 'publisher.pub.pem'));
}

test('a crash of a stripped program has no names until its pack is published; then the old trace has them, and another build is recognised by it', async () => {
  const [shipped, other] = [`incidents/${INCIDENT.id}`, 'incidents/lua-other-build'];
  expect(await here.stella.run('incident', 'add', INCIDENT.id)).toMatchObject({ exitCode: 0 });
  expect(await here.stella.run('incident', 'add', 'lua-other-build', '--exit-code', '0')).toMatchObject({ exitCode: 0 });
  await crashOf(lua.program, INCIDENT.id);
  const stack = await crashOf(otherLuaBuild(here.folder), 'lua-other-build');
  await here.network.settle();

  const old = await storedStackOf(shipped);
  expect(old.frames.filter(({ module }) => module === 'program').map(({ symbolised }) => symbolised)).not.toContain(true);
  expect(Object.keys(old.fingerprints)).toEqual(['K0']);
  expect((await storedStackOf(other)).frames.map((frame) => frame.function)).toContain('lua_getlocal');
  expect(await matchesOf(stack, shipped)).toEqual([]);

  await publishPack(lua);
  await here.network.settle();

  const now = await storedStackOf(shipped);
  expect(now.name).toBe(old.name);
  expect(now.frames.slice(0, 3)).toMatchObject([
    { function: 'lua_getlocal', file: 'lua/ldebug.c', symbolised: true },
    { function: 'db_getlocal', file: 'lua/ldblib.c', symbolised: true },
    { function: 'luaD_call', file: 'lua/ldo.c', symbolised: true },
  ]);
  expect(Object.keys(now.fingerprints).sort()).toEqual(['K0', 'K1', 'K2', 'K3']);
  const [best] = await matchesOf(stack, shipped);
  expect(best).toMatchObject({ stack: old.name });
  expect([MatchVerdict.MATCH_VERDICT_SAME, MatchVerdict.MATCH_VERDICT_RELATED]).toContain(best?.verdict);
}, 120_000);
