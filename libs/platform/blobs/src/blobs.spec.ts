import { execFileSync } from 'node:child_process';
import { chmod, mkdir, mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { testAsRoot } from '@stella/testing';
import { BLOB_LINKS_CONTRACT, BLOB_STORE_CONTRACT } from './contract.js';
import { DirectoryBlobStore } from './directory-blob-store.js';
import { LoopbackBlobLinks } from './loopback-blob-links.js';
import { MemoryBlobStore } from './memory-blob-store.js';

let folder: string;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'stella-blobs-'));
});
afterAll(() => rm(folder, { recursive: true }));

describe('in memory', () => {
  const store = new MemoryBlobStore();
  test.each(Object.entries(BLOB_STORE_CONTRACT))('%s', (_name, check) => check({ store, corrupt: (name) => store.corrupt(name) }));
});

describe('links on loopback', () => {
  const store = new MemoryBlobStore();
  let links: LoopbackBlobLinks;
  beforeAll(async () => {
    links = await LoopbackBlobLinks.start(store);
  });
  afterAll(() => links.stop());
  test.each(Object.entries(BLOB_LINKS_CONTRACT))('%s', (_name, check) => check({ store, links }));
});

describe('in a directory', () => {
  test.each(Object.entries(BLOB_STORE_CONTRACT))('%s', async (_name, check) => {
    const store = await DirectoryBlobStore.open(join(folder, 'contract'));
    await check({ store, corrupt: (name) => alter(join(folder, 'contract', 'sha256', name.slice(0, 2), name)) });
    expect(await readdir(join(folder, 'contract', 'incoming'))).toEqual([]);
  });

  test('sweeps what a dead process left, and leaves a living one alone', async () => {
    await mkdir(join(folder, 'swept', 'incoming'), { recursive: true });
    const dead = '999999999.left';
    await writeFile(join(folder, 'swept', 'incoming', dead), 'half');
    await writeFile(join(folder, 'swept', 'incoming', `${process.pid}.busy`), 'half');
    await DirectoryBlobStore.open(join(folder, 'swept'));
    expect(await readdir(join(folder, 'swept', 'incoming'))).toEqual([`${process.pid}.busy`]);
  });

  testAsRoot('a full disk is told as such, nothing half-done stays, and the next blob that fits is stored', async () => {
    const small = join(folder, 'small');
    await mkdir(small);
    execFileSync('mount', ['-t', 'tmpfs', '-o', 'size=1m', 'none', small]);
    try {
      const store = await DirectoryBlobStore.open(small);
      await expect(store.put(Buffer.alloc(2 << 20))).rejects.toMatchObject({ reason: 'BLOB_STORE_FULL' });
      expect(await readdir(join(small, 'incoming'))).toEqual([]);
      await expect(store.put(Buffer.alloc(100_000))).resolves.toMatchObject({ sizeBytes: 100_000 });
    } finally {
      execFileSync('umount', [small]);
    }
  });
});

async function alter(path: string): Promise<void> {
  const bytes = await readFile(path);
  bytes[0] = (bytes[0] ?? 0) ^ 1;
  await chmod(path, 0o644);
  await writeFile(path, bytes);
}
