import { LruByBytes } from './lru-by-bytes.js';

test('what was used longest ago goes first, and the bytes stay within the bound', () => {
  const cache = new LruByBytes<string>(10);
  cache.set('a', 'A', 4);
  cache.set('b', 'B', 4);
  expect(cache.get('a')).toBe('A');
  cache.set('c', 'C', 4);
  expect([cache.get('a'), cache.get('b'), cache.get('c')]).toEqual(['A', undefined, 'C']);
  expect(cache.sizeBytes).toBe(8);
  cache.set('a', 'A2', 6);
  expect(cache.sizeBytes).toBe(10);
  expect(cache.get('a')).toBe('A2');
});

test('what is larger than the bound is not kept, and pushes nothing out', () => {
  const cache = new LruByBytes<string>(10);
  cache.set('a', 'A', 10);
  cache.set('b', 'B', 11);
  expect([cache.get('a'), cache.get('b')]).toEqual(['A', undefined]);
  cache.set('a', 'A', 11);
  expect([cache.get('a'), cache.sizeBytes]).toEqual([undefined, 0]);
});
