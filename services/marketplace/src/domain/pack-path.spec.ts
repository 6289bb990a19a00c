import fc from 'fast-check';
import { posix, win32 } from 'node:path';
import { pathCollision, pathProblem } from './pack-path.js';
import { personalProblem } from './personal-path.js';

test.each(['a', 'bin/anchor', 'debug/.build-id/ab/cd.debug', 'sources/src/ünï.c', 'a b/c'])('%j is a plain path', (path) => {
  expect(pathProblem(path)).toBeUndefined();
});

test('no path that is let through leads out of the folder that it is unpacked in, on any machine', () => {
  const part = fc.oneof(fc.constantFrom('..', '.', '', 'a', 'C:', '~', 'con', '\\', '..\\..', '/'), fc.string({ unit: 'grapheme', maxLength: 8 }));
  fc.assert(
    fc.property(fc.array(part, { maxLength: 6 }), (parts) => {
      const path = parts.join('/');
      if (pathProblem(path) !== undefined) return;
      expect(posix.resolve('/root/pack', path).startsWith('/root/pack/')).toBe(true);
      expect(win32.resolve('C:\\root\\pack', path).startsWith('C:\\root\\pack\\')).toBe(true);
      expect(posix.normalize(path)).toBe(path);
    }),
    { numRuns: 3_000 },
  );
});

test('what hides another file is named', () => {
  expect(pathCollision(['a', 'b/c', 'b/d'])).toBeUndefined();
  expect(pathCollision(['a', 'b', 'A'])).toBe('A');
  expect(pathCollision(['ﬁle', 'file'])).toBe('file');
  expect(pathCollision(['a/b/c', 'A/b'])).toBe('a/b/c');
});

test('accounts that nobody owns are no persons', () => {
  expect(personalProblem('sources/home/runner/work/x.c')).toBeUndefined();
  expect(personalProblem('sources/home/alice/x.c')).toBe('the home folder of a person');
  expect(personalProblem('etc/tls/server.pem')).toBe('the name of a file of secrets');
});
