// The two base images where no registry is reached: Debian by debootstrap, Node and npm as this checkout pins them.
import { copyFileSync, cpSync, existsSync, mkdirSync, mkdtempSync, readFileSync, realpathSync, renameSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { call, callAsync } from '../../e2e/cluster/lib/command.mjs';
import { CACHE, REPOSITORY } from '../../e2e/cluster/lib/paths.mjs';
import { docker } from './daemon.mjs';

const SUITE = 'bookworm';
const NODE = join(REPOSITORY, 'node_modules', 'node', 'bin', 'node');
const CERTIFICATES = '/etc/ssl/certs/ca-certificates.crt';
const NOT_NEEDED = ['var/lib/apt/lists', 'var/cache', 'var/log', 'usr/share/doc', 'usr/share/man', 'usr/share/locale', 'usr/share/info'];

/** @returns their names, imported where they were not */
export async function ensureBaseImages() {
  const version = call(NODE, ['--version']).trim().slice(1);
  const [runtime, build] = [`localhost/node:${version}`, `localhost/node-build:${version}`];
  if (docker(['image', 'ls', '-q', runtime]) === '') await importTree(runtime, addNode, []);
  if (docker(['image', 'ls', '-q', build]) === '') {
    await importTree(build, (root) => (addNode(root), addNpm(root)), [`ENV NODE_EXTRA_CA_CERTS=${CERTIFICATES}`, `ENV SSL_CERT_FILE=${CERTIFICATES}`]);
  }
  return { runtime, build };
}

async function importTree(name, add, changes) {
  const work = mkdtempSync(join(CACHE, '..', '.base-'));
  try {
    call('tar', ['-C', work, '-xf', await debian()]);
    add(work);
    call('tar', ['-C', work, '--numeric-owner', '-cf', `${work}.tar`, '.']);
    const path = 'ENV PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin';
    docker(['import', ...[path, ...changes].flatMap((change) => ['--change', change]), `${work}.tar`, name]);
  } finally {
    rmSync(work, { recursive: true, force: true });
    rmSync(`${work}.tar`, { force: true });
  }
}

/** The smallest Debian that debootstrap makes, as an archive that is kept. */
async function debian() {
  const archive = join(CACHE, '..', `debian-${SUITE}.tar`);
  if (existsSync(archive)) return archive;
  mkdirSync(dirname(archive), { recursive: true });
  const work = mkdtempSync(join(dirname(archive), '.debian-'));
  try {
    await callAsync('nice', ['-n', '15', 'debootstrap', '--variant=minbase', SUITE, work, mirror()]);
    for (const folder of NOT_NEEDED) rmSync(join(work, folder), { recursive: true, force: true });
    mkdirSync(join(work, 'var/cache/apt/archives/partial'), { recursive: true });
    call('tar', ['-C', work, '--numeric-owner', '-cf', `${archive}.${process.pid}`, '.']);
    renameSync(`${archive}.${process.pid}`, archive);
  } finally {
    rmSync(work, { recursive: true, force: true });
  }
  return archive;
}

/** Where this machine's own packages come from. */
function mirror() {
  const sites = call('apt-get', ['indextargets', '--format', '$(SITE) $(RELEASE)']).split('\n');
  const found = sites.find((line) => line.endsWith(` ${SUITE}`));
  if (found === undefined) throw new Error(`apt knows no source of ${SUITE}`);
  return found.split(' ')[0];
}

function addNode(root) {
  mkdirSync(join(root, 'usr/local/bin'), { recursive: true });
  copyFileSync(NODE, join(root, 'usr/local/bin/node'));
  writeFileSync(join(root, 'etc/passwd'), `${readFileSync(join(root, 'etc/passwd'), 'utf8')}nonroot:x:65532:65532:nonroot:/nonexistent:/usr/sbin/nologin\n`);
}

function addNpm(root) {
  const npm = dirname(dirname(realpathSync(call('sh', ['-c', 'command -v npm']).trim())));
  cpSync(npm, join(root, 'usr/local/lib/node_modules/npm'), { recursive: true });
  symlinkSync('../lib/node_modules/npm/bin/npm-cli.js', join(root, 'usr/local/bin/npm'));
  // A machine behind a proxy that opens TLS has that authority among its own.
  mkdirSync(join(root, dirname(CERTIFICATES)), { recursive: true });
  copyFileSync(CERTIFICATES, join(root, CERTIFICATES));
}
