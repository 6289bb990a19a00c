import { spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

const PACKAGE = join(import.meta.dirname, '..');
const JEST = join(PACKAGE, '../../node_modules/jest/bin/jest.js');

/** Runs a suite that declares what is missing in a Jest of its own. */
function ran(body: string, env: NodeJS.ProcessEnv): { readonly status: number | null; readonly said: string } {
  const folder = mkdtempSync(join(PACKAGE, 'src', 'missing-'));
  try {
    writeFileSync(join(folder, 'inner.spec.ts'), `import { declareMissing, describeConformance, testAsRoot } from '../index.js';\n${body}`);
    const { CI: _ci, ...outside } = process.env;
    const { status, stdout, stderr } = spawnSync(process.execPath, ['--experimental-vm-modules', '--disable-warning=ExperimentalWarning', JEST, '--reporters=default', '--runTestsByPath', join(folder, 'inner.spec.ts')], {
      cwd: PACKAGE,
      env: { ...outside, NODE_OPTIONS: '', ...env },
      encoding: 'utf8',
    });
    return { status, said: `${stdout}${stderr}` };
  } finally {
    rmSync(folder, { recursive: true });
  }
}

test.each([
  ['on a machine of a person it is skipped, loudly', {}, 0],
  ['in CI it fails', { CI: 'true' }, 1],
])('what is missing: %s', (_, env, status) => {
  const inner = ran(`declareMissing('the moon', 'nobody went there');`, env);
  expect(inner.said).toContain('SKIPPED the moon: nobody went there');
  expect(inner.status).toBe(status);
});

test('vectors that are required and not there fail', () => {
  const inner = ran(`describeConformance('dsse', () => undefined);`, { STELLA_VECTORS: '/nonexistent', STELLA_REQUIRE_VECTORS: '1' });
  expect(inner.said).toContain('SKIPPED conformance: dsse: /nonexistent/dsse is missing; set STELLA_VECTORS');
  expect(inner.status).toBe(1);
});

test('what only root can test runs as root, and says so as anybody else', () => {
  const body = (uid: number) => `Object.defineProperty(process, 'getuid', { value: () => ${uid} });\ntestAsRoot('mounts a disk', () => { throw new Error('it was run'); });`;
  expect(ran(body(0), {}).said).toContain('it was run');
  const other = ran(body(1000), {});
  expect([other.status, other.said]).toEqual([0, expect.stringContaining('SKIPPED mounts a disk: only root')]);
  expect(ran(body(1000), { CI: 'true' }).status).toBe(1);
});
