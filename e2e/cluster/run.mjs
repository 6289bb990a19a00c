// `npm run e2e:cluster [-- part…]`: images, chart and a real Kubernetes, in this order; the parts are `images`, `chart` and
// `cluster`. Everything that was started is ended, unless STELLA_E2E_KEEP is set. gVisor
// is built and tested too, unless STELLA_E2E_GVISOR=false.
import { spawnSync } from 'node:child_process';
import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import '../servers/lib/warnings.mjs';
import { borrowServers } from '../servers/lib/borrowed.mjs';
import { build, down } from './lib/cluster.mjs';
import { ensureDebianPackages } from './lib/debian.mjs';
import { REPOSITORY } from './lib/paths.mjs';

const PARTS = { images: 'docker/test', chart: 'charts/stella/test', cluster: 'e2e/cluster/test' };
const PART_TIMEOUT_MS = 5_400_000;

const wanted = process.argv.slice(2);
const unknown = wanted.filter((part) => !Object.hasOwn(PARTS, part));
if (unknown.length > 0) {
  console.error(`e2e:cluster: there is no part ${unknown.join(', ')}; there are ${Object.keys(PARTS).join(', ')}`);
  process.exit(2);
}

const parts = wanted.length > 0 ? wanted : Object.keys(PARTS);
const began = Date.now();
const say = (text) => console.log(`[${((Date.now() - began) / 1000).toFixed(0).padStart(5)} s] ${text}`);
const failed = [];
const endStarted = await borrowServers();
try {
  ensureDebianPackages({ gcc: 'gcc', ld: 'binutils', '/usr/lib/x86_64-linux-gnu/libc.a': 'libc6-dev' });
  if (parts.includes('cluster')) await build({ say, withGvisor: process.env.STELLA_E2E_GVISOR !== 'false' });
  for (const part of parts) {
    say(part);
    const files = readdirSync(join(REPOSITORY, PARTS[part])).filter((name) => name.endsWith('.test.mjs')).map((name) => join(PARTS[part], name));
    const { status } = spawnSync(process.execPath, ['--test', '--test-concurrency=1', `--test-timeout=${PART_TIMEOUT_MS}`, ...files], { cwd: REPOSITORY, stdio: 'inherit' });
    if (status !== 0) failed.push(part);
  }
} finally {
  if (parts.includes('cluster') && !process.env.STELLA_E2E_KEEP) {
    await down();
    await endStarted(failed.length > 0);
  }
}
say(failed.length === 0 ? 'done' : `failed: ${failed.join(', ')}`);
process.exit(failed.length === 0 ? 0 : 1);
