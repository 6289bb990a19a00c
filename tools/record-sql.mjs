// `npm run record-sql [-- service …]`: makes the records of the SQL that runs anew, by running the services' tests.
// `npm run record-sql -- --release 0.2.0`: keeps the records as what this release runs, for later schemas to be held against.
import { spawnSync } from 'node:child_process';
import { copyFileSync, existsSync, mkdirSync, readdirSync, rmSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

process.chdir(dirname(dirname(fileURLToPath(import.meta.url))));
const EVENTS = 'libs/platform/events/sql/recorded.sql';
const recordOf = (service) => join('services', service, 'sql', 'recorded.sql');
const all = readdirSync('services').filter((name) => existsSync(join('services', name, 'migrations')));
const [first, version, ...others] = process.argv.slice(2);

if (first === '--release') {
  if (!/^\d+\.\d+\.\d+$/.test(version ?? '') || others.length > 0) throw new Error('use: npm run record-sql -- --release 1.2.3');
  const folder = join('services/stella/test/releases', version);
  mkdirSync(folder, { recursive: true });
  for (const service of all) copyFileSync(recordOf(service), join(folder, `${service}.sql`));
  copyFileSync(EVENTS, join(folder, 'events.sql'));
  console.log(`${folder}: ${all.length} services and their events`);
} else {
  const services = process.argv.length > 2 ? process.argv.slice(2) : all;
  const unknown = services.filter((name) => !all.includes(name));
  if (unknown.length > 0) throw new Error(`no service with a schema: ${unknown.join(', ')}; there are ${all.join(', ')}`);
  for (const service of services) rmSync(recordOf(service), { force: true });
  // Every service's tests see a part of it.
  if (services.length === all.length) rmSync(EVENTS, { force: true });
  const env = { ...process.env, NX_DAEMON: 'false', NX_TUI: 'false', STELLA_SQL_RECORD: 'update' };
  // The replay worker's tests run frvf beside it.
  const projects = [...services, ...(services.includes('frvf') ? ['replay-worker'] : [])].map((name) => `@stella/${name}`).join(',');
  const { status } = spawnSync('nx', ['run-many', '-t', 'test', '--outputStyle=static', '--skipNxCache', '--parallel=1', `--projects=${projects}`], { env, stdio: 'inherit' });
  if (status !== 0) console.log('a test failed: what ran after it may be missing from the records');
  process.exit(status ?? 1);
}
