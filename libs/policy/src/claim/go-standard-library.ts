import { goPackage } from './go-names.js';

// First path elements of `go list std`, go1.19 to go1.25; closed, so that a module without a dot in its path is not taken for it.
const ROOTS = new Set([
  'archive', 'bufio', 'bytes', 'cmp', 'compress', 'container', 'context', 'crypto', 'database', 'debug', 'embed', 'encoding',
  'errors', 'expvar', 'flag', 'fmt', 'go', 'hash', 'html', 'image', 'index', 'internal', 'io', 'iter', 'log', 'maps', 'math',
  'mime', 'net', 'os', 'path', 'plugin', 'reflect', 'regexp', 'runtime', 'slices', 'sort', 'strconv', 'strings', 'structs',
  'sync', 'syscall', 'testing', 'text', 'time', 'unicode', 'unique', 'unsafe', 'vendor', 'weak',
]);

// Assembly of runtime, internal/bytealg and sync/atomic that carries no package: `TEXT name<>(SB)` and the entry points.
const BARE = new Set([
  '_rt0_amd64', '_rt0_amd64_linux', '_rt0_amd64_lib', 'callRet', 'gogo', 'gosave_systemstack_switch', 'setg_gcc', 'aeshashbody',
  'debugCall32', 'debugCall64', 'debugCall128', 'debugCall256', 'debugCall512', 'debugCall1024', 'debugCall2048',
  'debugCall4096', 'debugCall8192', 'debugCall16384', 'debugCall32768', 'debugCall65536', 'cmpbody', 'memeqbody', 'indexbody',
  'indexbytebody', 'countbody', 'mergeCheck', 'decryptBlock', 'encryptBlock', '_expand_key_128', '_expand_key_192a',
  '_expand_key_192b', '_expand_key_256a', '_expand_key_256b', 'p256MulInternal', 'p256SqrInternal', 'p256SubInternal',
]);

/**
 * Whether a symbol belongs to Go's runtime or standard library, as against the program and its modules.
 * @param modulePaths the main module and every dependency of the build info: what they hold is never the standard library's.
 */
export function isGoStandardLibrary(symbol: string, modulePaths: readonly string[]): boolean {
  if (BARE.has(symbol)) return true;
  const path = goPackage(symbol);
  if (path === undefined || path === 'main') return false;
  if (modulePaths.some((module) => path === module || path.startsWith(`${module}/`))) return false;
  return ROOTS.has(path.split('/')[0] ?? '');
}
