import { S3Register } from '../src/index.js';
import { FakeS3 } from './fake-s3.js';

const SIZE_BYTES_MAX = 100;
let s3: FakeS3;
beforeEach(async () => {
  s3 = await FakeS3.start();
});
afterEach(() => s3.stop());

const register = (): S3Register => new S3Register({ endpoint: s3.endpoint, bucket: 'blobs', prefix: 'acme/', accessKey: 'a', secretKey: 's' }, 'heads/log.json', SIZE_BYTES_MAX);
const text = (bytes: Buffer | undefined) => bytes?.toString();

test('it changes only from the state that was seen, for all who share it', async () => {
  const [one, other] = [register(), register()];
  expect(await one.read()).toBeUndefined();
  expect(await one.replace(Buffer.from('1'), undefined)).toBe(true);
  expect(await other.replace(Buffer.from('also 1'), undefined)).toBe(false);
  const seen = await other.read();
  expect(text(seen?.bytes)).toBe('1');
  expect(await other.replace(Buffer.from('2'), seen)).toBe(true);
  expect(await one.replace(Buffer.from('also 2'), seen)).toBe(false);
  expect(text((await one.read())?.bytes)).toBe('2');
  expect([...s3.objects.keys()]).toEqual(['acme/heads/log.json']);
});

test('one that was taken away is in no state that was seen', async () => {
  await register().replace(Buffer.from('1'), undefined);
  const seen = await register().read();
  s3.objects.clear();
  expect(await register().replace(Buffer.from('2'), seen)).toBe(false);
  expect(s3.objects.size).toBe(0);
});

test('a store that stutters is asked again, one that stays silent is unavailable, and a missing bucket is no empty register', async () => {
  await register().replace(Buffer.from('1'), undefined);
  s3.failFirst('GetObject', 2, { status: 503, code: 'SlowDown' });
  expect(text((await register().read())?.bytes)).toBe('1');
  s3.fault = () => ({ status: 503, code: 'SlowDown' });
  await expect(register().read()).rejects.toMatchObject({ reason: 'UNAVAILABLE' });
  s3.fault = () => undefined;
  s3.bucketExists = false;
  await expect(register().read()).rejects.toMatchObject({ reason: 'BLOB_BUCKET_MISSING' });
});

test('a change whose answer was lost is told as refused, and stands', async () => {
  s3.failFirst('PutObject', 1, { loseAnswer: true });
  expect(await register().replace(Buffer.from('1'), undefined)).toBe(false);
  expect(text((await register().read())?.bytes)).toBe('1');
});

test('more bytes than it holds are not read', async () => {
  s3.store('acme/heads/log.json', Buffer.alloc(SIZE_BYTES_MAX));
  expect((await register().read())?.bytes).toHaveLength(SIZE_BYTES_MAX);
  s3.store('acme/heads/log.json', Buffer.alloc(SIZE_BYTES_MAX + 1));
  await expect(register().read()).rejects.toMatchObject({ reason: 'BLOB_TOO_LARGE' });
});
