import type { ServedFile } from '../application/serve-build.js';
import { HotFiles } from './hot-files.js';

function fileOf(entityTag: string, sizeBytes: number): { readonly file: ServedFile; readonly reads: () => number } {
  let reads = 0;
  const read = async function* () {
    reads += 1;
    await Promise.resolve();
    yield Buffer.alloc(sizeBytes, entityTag);
  };
  return { file: { fileName: entityTag, sizeBytes, entityTag, read } as unknown as ServedFile, reads: () => reads };
}

test('a small file is read once, until others took its room', async () => {
  const hot = new HotFiles(100, 60);
  const [first, second, third] = [fileOf('a', 50), fileOf('b', 50), fileOf('c', 50)];
  for (const { file } of [first, second, first, third]) expect((await hot.bytesOf(file)).toString()).toBe(file.entityTag.repeat(50));
  expect([first.reads(), second.reads(), third.reads()]).toEqual([1, 1, 1]);
  await hot.bytesOf(first.file);
  await hot.bytesOf(second.file);
  // The second was used longest ago when the third came.
  expect([first.reads(), second.reads()]).toEqual([1, 2]);
});

test('a large file is read each time, and one that fails is not kept', async () => {
  const hot = new HotFiles(100, 60);
  const large = fileOf('l', 61);
  await hot.bytesOf(large.file);
  await hot.bytesOf(large.file);
  expect(large.reads()).toBe(2);
  let fails = true;
  const read = async function* () {
    await Promise.resolve();
    if (fails) throw new Error('changed on disk');
    yield Buffer.from('right');
  };
  const file = { fileName: 'f', sizeBytes: 5, entityTag: 'f', read } as unknown as ServedFile;
  await expect(hot.bytesOf(file)).rejects.toThrow('changed on disk');
  fails = false;
  expect((await hot.bytesOf(file)).toString()).toBe('right');
});
