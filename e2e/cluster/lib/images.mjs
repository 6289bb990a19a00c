// Images that are made here and imported: nothing is ever pulled.
import { createHash } from 'node:crypto';
import { copyFileSync, mkdirSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { call } from './command.mjs';
import { folderOf } from './go-build.mjs';
import { callInside } from './node-namespace.mjs';
import { PAUSE_IMAGE } from './node-config.mjs';
import { CONTAINERD_SOCKET } from './paths.mjs';

export const BUSYBOX_IMAGE = 'localhost/busybox:1';
const APPLETS = ['sh', 'ls', 'cat', 'echo', 'sleep', 'id', 'nc', 'nslookup', 'mkdir', 'touch', 'ps', 'env', 'date', 'true', 'false', 'grep', 'ip', 'head', 'dd', 'tr', 'mount', 'httpd', 'timeout'];
const SYSTEM_FOLDERS = ['tmp', 'proc', 'sys', 'dev', 'etc'];

/** The images that the cluster itself and its tests need. */
export function importOwnImages() {
  importImage(PAUSE_IMAGE, { '/pause': join(folderOf('init'), 'init') }, { entrypoint: ['/pause'] });
  importImage(BUSYBOX_IMAGE, { '/bin/busybox': '/bin/busybox' }, { links: Object.fromEntries(APPLETS.map((name) => [`/bin/${name}`, 'busybox'])) });
  importImage('localhost/coredns:1', { '/coredns': join(folderOf('coredns'), 'coredns') }, { entrypoint: ['/coredns'] });
}

/** Packs files into an image of one layer, where the node does not have these very bytes under this name. */
export function importImage(name, files, { entrypoint = null, links = {} } = {}) {
  const hash = createHash('sha256').update(JSON.stringify([entrypoint, links]));
  for (const [path, source] of Object.entries(files)) hash.update(`${path}\0`).update(readFileSync(source));
  const label = hash.digest('hex');
  if (ctr(['image', 'ls', `labels."stella.content"==${label},name==${name}`, '-q']).trim() === name) return;
  const work = mkdtempSync(join(tmpdir(), 'stella-image-'));
  try {
    importArchive(pack(work, name, files, links, entrypoint));
    ctr(['image', 'label', name, `stella.content=${label}`]);
  } finally {
    rmSync(work, { recursive: true });
  }
}

/** An archive as `docker save` writes it. */
export function importArchive(path) {
  ctr(['image', 'import', path]);
}

export function ctr(args) {
  return callInside('ctr', ['--address', CONTAINERD_SOCKET, '--namespace', 'k8s.io', ...args]);
}

function pack(work, name, files, links, entrypoint) {
  const root = join(work, 'root');
  for (const folder of SYSTEM_FOLDERS) mkdirSync(join(root, folder), { recursive: true });
  for (const [path, source] of Object.entries(files)) {
    mkdirSync(dirname(join(root, path)), { recursive: true });
    copyFileSync(source, join(root, path));
  }
  for (const [path, target] of Object.entries(links)) symlinkSync(target, join(root, path));
  call('chmod', ['1777', join(root, 'tmp')]);
  call('tar', ['-C', root, '--numeric-owner', '--owner=0', '--group=0', '--sort=name', '--mtime=@0', '-cf', join(work, 'layer.tar'), '.']);
  const layer = createHash('sha256').update(readFileSync(join(work, 'layer.tar'))).digest('hex');
  const created = '1970-01-01T00:00:00Z';
  const config = {
    architecture: 'amd64',
    os: 'linux',
    created,
    config: { Env: ['PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin'], Entrypoint: entrypoint },
    rootfs: { type: 'layers', diff_ids: [`sha256:${layer}`] },
    history: [{ created, created_by: 'e2e/cluster' }],
  };
  writeFileSync(join(work, 'config.json'), JSON.stringify(config));
  writeFileSync(join(work, 'manifest.json'), JSON.stringify([{ Config: 'config.json', RepoTags: [name], Layers: ['layer.tar'] }]));
  call('tar', ['-C', work, '-cf', join(work, 'image.tar'), 'manifest.json', 'config.json', 'layer.tar']);
  return join(work, 'image.tar');
}
