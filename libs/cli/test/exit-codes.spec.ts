import { execFileSync } from 'node:child_process';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { status } from '@grpc/grpc-js';
import { Command } from 'commander';
import { isStellaError, StellaError } from '@stella/client';
import { DomainError, type Reason, REASONS } from '@stella/errors';
import { buildProgram, EXIT, exitCodeOf } from '../src/index.js';
import { CLASS_OF_REASON, type ErrorClass } from '../src/exit-of-reason.js';
import { FakeStella, Refusal } from './support/fake-stella.js';
import { type Ran, run } from './support/run.js';

const CODE: Readonly<Record<ErrorClass, number>> = { no: EXIT.no, usage: EXIT.usage, open: EXIT.couldNotCheck };

/** What each command is called with, so that it asks the service. */
const CALLS: Readonly<Record<string, readonly string[]>> = {
  gate: ['--baseline', './old', '--candidate', './new'],
  'trust export': ['--out', 'trust'],
  'trust revoke-key': ['a'.repeat(64), '--reason', 'compromised'],
  'trust revoke-policy': ['a'.repeat(64), '--reason', 'defective'],
  'trust revocations': [],
  'verdict list': [],
  'verdict show': ['verdicts/1'],
  'verdict revoke': ['verdicts/1', '--reason', 'defective'],
  'candidate withdraw': ['./old', '--reason', 'vulnerable'],
  'candidate reinstate': ['./old', '--reason', 'mistaken'],
  'candidate list': [],
  'policy list': [],
  'incident list': [],
  'incident add': ['own-1', '--exit-code', '0'],
  'incident show': ['own-1'],
  'witness record': ['--incident', 'own-1', '--artifact', './old'],
  'witness replay': ['witnesses/1', '--artifact', './old'],
  'witness show': ['witnesses/1'],
  'witness list': [],
  'stack match': ['crash.txt'],
  'stack add': ['crash.txt'],
  'stack explain': ['stacks/1', 'stacks/2'],
  'stack list': [],
  'delta index': ['./old'],
  'delta diff': ['./old', './new'],
  'delta prove': ['./old', './new', '--out', 'proof.json'],
  'delta verify': ['crash.txt'],
  'delta units': ['deltas/1'],
  'delta find': ['--name', 'main'],
  'pack publish': ['pack.dsse.json', '--public-key', 'publisher.pem.pub'],
  'pack search': [],
  'pack pull': ['namespaces/a/packs/b/versions/1.0.0', '--out', 'pulled'],
  'events dead-letters list': [],
  'events dead-letters show': ['psdi/12'],
  'events dead-letters redeliver': ['psdi/12'],
  'node status': [],
  'node card': ['--out', 'card.json'],
  'node peer': ['other.card.json'],
  'node peers': [],
  'node pull': ['peerings/1'],
  'node log': [],
  'node query': ['./old'],
};
/** These ask no service, or tell of what they found instead of failing. */
const LOCAL = ['verify', 'trust build', 'keys create', 'keys rotate', 'connect', 'pack init', 'pack lint', 'pack sign', 'keygen', 'doctor'];
/** Their 1 is an answer: DENY, a new incident, nothing known. */
const ONE_IS_AN_ANSWER = new Set(['gate', 'verdict show', 'witness replay', 'stack match', 'delta find', 'node query']);

let fake: FakeStella;
let refusal: Refusal;
beforeAll(async () => {
  fake = await FakeStella.start();
  for (const name of ['old', 'new', 'crash.txt']) await writeFile(join(fake.folder, name), `${name}\n`);
  const card = { organisation: 'a.test', origin: 'a.test/log', logKey: 'k', cosignerKey: 'k', evidenceKeys: [], grpcAddress: 'a:1', httpAddress: 'a:2', development: true };
  await writeFile(join(fake.folder, 'other.card.json'), JSON.stringify(card));
  await stella('keygen', '--out', 'publisher.pem');
  execFileSync('cp', ['old', 'packed.txt'], { cwd: fake.folder });
  await stella('pack', 'init', 'packed.txt', '--name', 'a/b', '--pack-version', '1.0.0', '--licence', 'MIT');
  await stella('pack', 'sign', 'manifest.json', '--key', 'publisher.pem', '--out', 'pack.dsse.json');
  fake.answerAll(() => refusal);
});
afterAll(() => fake.stop());

const stella = (...argv: readonly string[]): Promise<Ran> => run([...argv, '--connection', fake.connection], { cwd: fake.folder });

function leavesOf(command: Command, path: readonly string[] = []): string[] {
  return command.commands.flatMap((child) => (child.commands.length === 0 ? [[...path, child.name()].join(' ')] : leavesOf(child, [...path, child.name()])));
}

test('every command is here', async () => {
  const sink = { write: () => true };
  const leaves = leavesOf(await buildProgram({ stdout: sink, stderr: sink, env: {}, cwd: '/', isTty: false, now: () => new Date() }));
  expect([...Object.keys(CALLS), ...LOCAL].sort()).toEqual(leaves.sort());
});

describe.each(Object.entries(CALLS))('%s', (command, args) => {
  test.each([
    ['SIGNATURE_UNVERIFIED', status.FAILED_PRECONDITION, ONE_IS_AN_ANSWER.has(command) ? 4 : 1],
    ['REQUEST_INVALID', status.INVALID_ARGUMENT, 2],
    ['DATABASE_CONTENDED', status.INTERNAL, 4],
    ['PERMISSION_DENIED', status.PERMISSION_DENIED, 4],
    ['A_REASON_OF_TOMORROW', status.FAILED_PRECONDITION, 4],
    ['A_REASON_OF_TOMORROW', status.NOT_FOUND, 2],
  ])('%s, %s: %s', async (reason, code, expected) => {
    refusal = new Refusal(code, reason, { fact: 'told' });
    const { code: exitCode, out, err } = await stella(...command.split(' '), ...args);
    expect([exitCode, out]).toEqual([expected, '']);
    expect(err).toMatch(new RegExp(`^${reason}: .*\\n {2}fact: told\\n {2}next: .`, 'm'));
  });
});

test.each(Object.keys(REASONS) as Reason[])('%s has one exit code, whether it was found here or there', (reason) => {
  const expected = reason === 'WORK_FAILED' ? EXIT.couldNotCheck : CODE[CLASS_OF_REASON[reason]];
  expect(exitCodeOf(new DomainError(reason))).toBe(expected);
  const remote = new StellaError({ reason, code: status.UNKNOWN, message: '' });
  expect([isStellaError(remote), exitCodeOf(remote)]).toEqual([true, expected]);
});

test('a failure of a machine, or one that passes, is never a no', () => {
  for (const [reason, { kind }] of Object.entries(REASONS)) {
    const errorClass = CLASS_OF_REASON[reason as Reason];
    if (['unavailable', 'deadline', 'cancelled', 'unauthenticated', 'denied', 'internal'].includes(kind)) expect([reason, errorClass]).toEqual([reason, 'open']);
  }
});

test('why a piece of work failed is its answer', () => {
  const failed = (reason: string) => exitCodeOf(new DomainError('WORK_FAILED', { reason }));
  expect(['WITNESS_DID_NOT_FAIL', 'REPLAY_NOT_ANSWERED', 'EXEC_FAILED', ''].map(failed)).toEqual([1, 4, 4, 4]);
  expect([exitCodeOf(new Error('WITNESS_DID_NOT_FAIL')), exitCodeOf(undefined)]).toEqual([4, 4]);
});
