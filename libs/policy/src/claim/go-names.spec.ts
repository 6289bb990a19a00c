import { covers, namesExactly } from './covers.js';
import { goOwners, goPackage, goReceiver } from './go-names.js';
import { isGoStandardLibrary } from './go-standard-library.js';
import { compilePattern } from './pattern.js';
import { toolchainStep } from './toolchain-version.js';

const ESBUILD = 'github.com/evanw/esbuild';

test.each([
  [`${ESBUILD}/internal/js_parser.(*parser).parseStmt`, `${ESBUILD}/internal/js_parser`],
  [`${ESBUILD}/internal/js_parser.(*parser).parseStmt.func1.2`, `${ESBUILD}/internal/js_parser`],
  ['main.main', 'main'],
  ['runtime.mallocgc', 'runtime'],
  ['gopkg.in/yaml%2ev3.Unmarshal', 'gopkg.in/yaml.v3'],
  ['slices.SortFunc[go.shape.[]github.com/a/b.T,go.shape.int]', 'slices'],
  [`type:.eq.${ESBUILD}/internal/ast.Path`, `${ESBUILD}/internal/ast`],
  ['type..hash.[3]net/http.Cookie', 'net/http'],
  ['net/http.(*conn).serve', 'net/http'],
  ['aeshashbody', undefined],
  ['go:buildid', undefined],
  ['type:.eq.struct { a int }', undefined],
])('the package of %s', (symbol, path) => {
  expect(goPackage(symbol)).toBe(path);
});

test('a closure belongs to the functions that hold it', () => {
  expect(goOwners('a/b.F.func1.2')).toEqual(['a/b.F']);
  expect(goOwners('a/b.(*T).M.func3.gowrap1')).toEqual(['a/b.(*T).M.func3', 'a/b.(*T).M']);
  expect(goOwners('a/b.(*T).M-fm')).toEqual(['a/b.(*T).M']);
  expect(goOwners('a/b.F-range1')).toEqual(['a/b.F']);
  expect(goOwners('a/b.F')).toEqual([]);
  expect(goOwners('a/b.init.0')).toEqual([]);
  expect(goOwners('a/b.glob..func7')).toEqual([]);
});

test('the type of a method', () => {
  expect(goReceiver('a/b.(*T).M')).toBe('a/b.(*T)');
  expect(goReceiver('a/b.T.M')).toBe('a/b.T');
  expect(goReceiver('a/b.F')).toBeUndefined();
  expect(goReceiver('a/b.F.func1')).toBeUndefined();
});

test('the standard library is a closed list, and never what a module of the build holds', () => {
  for (const symbol of ['runtime.mallocgc', 'internal/poll.(*FD).Read', 'vendor/golang.org/x/net/http/httpguts.X', 'aeshashbody', 'type:.eq.net/http.Cookie']) {
    expect(isGoStandardLibrary(symbol, [ESBUILD])).toBe(true);
  }
  for (const symbol of ['main.main', `${ESBUILD}/internal/js_parser.Parse`, 'golang.org/x/sys/unix.Open', 'myapp/net.Dial', 'evil', 'type:.eq.struct { a int }']) {
    expect(isGoStandardLibrary(symbol, [ESBUILD])).toBe(false);
  }
  expect(isGoStandardLibrary('crypto/mine.Steal', ['crypto/mine'])).toBe(false);
  expect(isGoStandardLibrary('runtime.x', ['runtime'])).toBe(false);
});

test.each([
  ['go1.20.10', 'go1.20.12', 'patch'],
  ['go1.20.5', 'go1.20.5', 'same'],
  ['go1.19.5', 'go1.20', 'generation'],
  ['go1.20', 'go1.20.1', 'patch'],
  ['go1.21rc2', 'go1.21.0', 'generation'],
  ['gcc-12.2.0', 'gcc-12.3.0', 'generation'],
  ['gcc-12.2.0', 'clang-12.2.1', 'generation'],
  [undefined, 'go1.20.5', 'unknown'],
  ['devel go1.21-abc', 'go1.21.0', 'unknown'],
])('the step from %s to %s is %s', (from, to, step) => {
  expect(toolchainStep(from, to)).toBe(step);
});

test('a claim may leave out the module, and names a package, a type, a function or what it holds', () => {
  const build = { language: 'go', modulePath: ESBUILD, modulePaths: [ESBUILD] } as const;
  const name = `${ESBUILD}/internal/js_parser.(*parser).parseStmt.func1`;
  for (const text of ['internal/js_parser', `${ESBUILD}/internal/js_parser`, 'internal/js_parser.(*parser)', 'internal/js_parser.(*parser).parseStmt', 'internal/js_*']) {
    expect(covers(compilePattern(text), name, build)).toBe(true);
  }
  for (const text of ['internal', 'js_parser', 'internal/js', 'internal/js_parser.(*parser).parse', 'internal/js_parser2']) {
    expect(covers(compilePattern(text), name, build)).toBe(false);
  }
  expect(namesExactly(compilePattern('internal/js_parser'), name, build)).toBe(false);
  expect(namesExactly(compilePattern('internal/js_parser.(*parser).parseStmt.func1'), name, build)).toBe(true);
});

test('a part that GCC splits off is its function', () => {
  const build = { language: 'other', modulePaths: [] } as const;
  expect(covers(compilePattern('luaG_getlocal'), 'luaG_getlocal.part.0.cold', build)).toBe(true);
  expect(covers(compilePattern('luaG_getlocal'), 'luaG_getlocals', build)).toBe(false);
});
