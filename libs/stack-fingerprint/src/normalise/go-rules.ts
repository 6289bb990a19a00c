import { functionRule, type FrameRule } from './draft.js';
import { isGoStd, splitGoName } from './go-packages.js';

const HOST = /^(?:[\w-]{1,64}\.){1,4}[a-z]{2,16}$/;
/** Hosts whose modules have an owner and a repository. */
const OWNED = new Set(['github.com', 'gitlab.com', 'bitbucket.org', 'codeberg.org', 'gitee.com']);
const FRAMEWORKS = new Set(['golang.org', 'google.golang.org', 'gopkg.in', 'go.uber.org', 'k8s.io']);
const MAJOR = /^v\d{1,4}$/;

/** `host/owner/repository[/vN]/dir/pkg.F` → `dir/pkg.F`, and the module's path. */
const modulePath: FrameRule = {
  id: 'go.module-path',
  apply: (frame) => {
    if (frame.language !== 'go' || frame.function === undefined) return false;
    const { importPath, symbol } = splitGoName(frame.function);
    const parts = importPath.split('/');
    const host = parts[0] ?? '';
    if (!HOST.test(host)) {
      if (isGoStd(importPath)) frame.origin = 'std';
      return false;
    }
    const rootParts = OWNED.has(host) || host === 'golang.org' ? 3 : 2;
    const major = MAJOR.test(parts[rootParts] ?? '') ? 1 : 0;
    const rest = parts.slice(rootParts + major);
    frame.module ??= parts.slice(0, rootParts).join('/');
    if (FRAMEWORKS.has(host)) frame.origin = 'dependency';
    const own = rest.length > 0 ? rest.join('/') : (parts[rootParts - 1] ?? host);
    frame.function = `${own.replace(/\.v\d{1,4}$/, '')}.${symbol}`;
    return true;
  },
};

/** A printer that shortens `dir/pkg.F` to `pkg.F` still tells the directory by the file. */
const packageFromFile: FrameRule = {
  id: 'go.package-from-file',
  apply: (frame) => {
    if (frame.language !== 'go' || frame.function === undefined || frame.file === undefined) return false;
    const { importPath, symbol } = splitGoName(frame.function);
    if (importPath === '' || importPath.includes('/') || importPath === 'main') return false;
    const directory = frame.file.split('/').slice(0, -1).join('/');
    if (!directory.endsWith(`/${importPath}`)) return false;
    if (isGoStd(directory) && frame.origin === undefined) frame.origin = 'std';
    frame.function = `${directory}.${symbol}`;
    return true;
  },
};

const DOTTED_CLOSURE = /\.(?:func\d{1,9}|gowrap\d{1,9}|deferwrap\d{1,9}|\d{1,9})(?=\.|-|$)/g;
const RANGE_BODY = /-range\d{1,9}/g;

export const goRules: readonly FrameRule[] = [
  functionRule('go.generics', 'go', collapseTypeArguments),
  modulePath,
  packageFromFile,
  functionRule('go.pointer-receiver', 'go', (name) => name.replace(/\.\(\*([^()]{1,512})\)/, '.$1')),
  functionRule('go.method-value', 'go', (name) => name.replace(/-fm$/, '')),
  functionRule('go.range-body', 'go', (name) => name.replace(RANGE_BODY, '')),
  functionRule('go.init', 'go', (name) => name.replace(/\.init\.\d{1,9}(?=\.|$)/, '.init')),
  functionRule('go.closure', 'go', unifyClosures),
  functionRule('go.abi-wrapper', 'go', (name) => name.replace(/\.abi(?:0|internal)$/i, '')),
];

/** Inlining renumbers closures and prefixes them with the function they were inlined into: they become one name. */
function unifyClosures(name: string): string {
  const { importPath, symbol } = splitGoName(name);
  if (importPath === '') return name;
  const plain = symbol.replace(/^glob\.\./, 'glob.').replace(DOTTED_CLOSURE, '.{closure}');
  return `${importPath}.${plain.replace(/(?:\.\{closure\}){2,64}/g, '.{closure}')}`;
}

function collapseTypeArguments(name: string): string {
  let depth = 0;
  let out = '';
  for (const char of name) {
    if (char === '[' && depth++ === 0) out += '<T>';
    if (depth === 0) out += char;
    if (char === ']' && depth > 0) depth--;
  }
  return depth === 0 ? out : name;
}

/** Go symbols of a binary look like nothing a C compiler writes. */
export function looksLikeGo(frame: { readonly function?: string | undefined; readonly file?: string | undefined }): boolean {
  if (frame.file?.endsWith('.go')) return true;
  const name = frame.function ?? '';
  return /^[\w.~%/-]{1,512}\.\(\*[^)]{1,256}\)\./.test(name) || /^(?:runtime|main|sync|reflect|os|fmt|syscall)\.\w/.test(name);
}
