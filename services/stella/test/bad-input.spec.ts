import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { releaseCacheFolder, writeConnection } from '@stella/cli';
import type { StellaClient } from '@stella/client';
import { Outcome, Verdict } from '@stella/contracts/stella/gate/v1alpha/gate';
import { incidentById, resolveRelease } from '@stella/incidents';
import { clientOf, StellaNetwork } from '../src/index.js';
import { CommandLine, type Ran } from './support/cli.js';

const folder = mkdtempSync(join(tmpdir(), 'bad-input-'));
const stella = new CommandLine(folder);
const { bad, good } = incidentById('lua-CVE-2020-24370');
let network: StellaNetwork;
let client: StellaClient;
let program: Buffer;

beforeAll(async () => {
  network = await StellaNetwork.create({ nodes: 1 });
  const [node] = network.nodes;
  if (!node) throw new Error('a network of one node has one');
  client = clientOf(node.connection);
  await writeConnection(stella.connectionPath, node.connection);
  program = readFileSync((await resolveRelease(good, { cacheDir: releaseCacheFolder({ STELLA_HOME: folder }) })).program);
}, 120_000);

afterAll(async () => {
  client?.close();
  await network?.stop();
  rmSync(folder, { recursive: true, force: true });
}, 60_000);

const gate = (candidate: string, ...claims: readonly string[]): Promise<Ran> =>
  stella.run('gate', '--baseline', bad.name, '--candidate', candidate, '--baseline-runs', '--bundle', 'b.json', ...claims.flatMap((claim) => ['--claim', claim]));

const verdicts = async () => (await client.gate.listVerdicts({})).verdicts.length;

function told({ exitCode, answer, error }: Ran): { readonly exitCode: number; readonly reason: string | undefined } {
  expect(answer).toBeUndefined();
  expect(error).toMatchObject({ message: expect.stringMatching(/./), next: expect.stringMatching(/./) });
  return { exitCode, reason: error?.reason };
}

test.each([
  ['a truncated ELF file', () => program.subarray(0, program.length >> 1), 'INPUT_TRUNCATED'],
  ['an ELF file that ends within its header', () => program.subarray(0, 40), 'INPUT_TRUNCATED'],
  ['an empty file', () => Buffer.alloc(0), 'INPUT_EMPTY'],
  ['a text', () => Buffer.from('#!/bin/sh\nexit 0\n'), 'INPUT_NOT_ELF'],
])('%s as the candidate: nobody knows what it consists of, so it may not go out, and its index says why', async (_, contents, nativeReason) => {
  const path = join(folder, 'candidate');
  writeFileSync(path, contents());
  const { exitCode, answer } = await gate(path);
  const verdict = Verdict.fromJSON(answer.verdict);
  expect({ exitCode, outcome: verdict.outcome }).toEqual({ exitCode: 1, outcome: Outcome.OUTCOME_DENY });
  expect(verdict.unmetRules.find(({ rule }) => rule === 'coverage-known')).toMatchObject({ bars: 'both', remedy: expect.stringContaining('can be lifted whole') });
  expect(verdict.vsa).toBeUndefined();
  const index = await stella.run('delta', 'index', path);
  expect(told(index)).toEqual({ exitCode: 1, reason: 'NATIVE_FAILED' });
  expect(index.error?.facts).toMatchObject({ nativeReason, nativeNext: expect.stringMatching(/./) });
}, 60_000);

test.each([
  ['a claim that does not parse', [good.name, 'makes everything better'], { exitCode: 2, reason: 'CLAIM_INVALID' }],
  ['a release that nobody knows', ['lua@9.9.9'], { exitCode: 2, reason: 'RELEASE_UNKNOWN' }],
])('%s is said before anything is sent', async (_, [candidate = '', ...claims], expected) => {
  const before = await verdicts();
  expect(told(await gate(candidate, ...claims))).toEqual(expected);
  expect(await verdicts()).toBe(before);
});

test('an incident that nobody knows proves nothing', async () => {
  const before = await verdicts();
  expect(told(await gate(good.name, 'fixes incident nobody-saw-this'))).toEqual({ exitCode: 1, reason: 'INCIDENT_NOT_FOUND' });
  expect(await verdicts()).toBe(before);
  const shown = await stella.run('incident', 'show', 'nobody-saw-this');
  expect(told(shown)).toEqual({ exitCode: 1, reason: 'INCIDENT_NOT_FOUND' });
}, 60_000);

test('after all this, a good run decides', async () => {
  const { exitCode, error } = await gate(good.name);
  expect({ exitCode, error }).toEqual({ exitCode: 3, error: undefined });
}, 60_000);
