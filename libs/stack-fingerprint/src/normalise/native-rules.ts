import { functionRule, type FrameRule } from './draft.js';
import { demangleRustLegacy } from './rust-legacy.js';
import { isolateCpp } from './cpp-function.js';

const BUILD_SUFFIX =
  /\.(?:isra|constprop|part|cold|llvm|lto_priv|clone|localalias|specialized|resume|destroy|cleanup)(?:\.\d{1,20})?$/;
const GLIBC_ALIAS = /^(?:__GI_|__libc_|__new_|__IO_)(?=[a-z_])/;
/** glibc's own functions, which are no second name of another. */
const KEPT = /^__libc_(?:start|init|message|csu)/;
const INTERCEPTOR = /^(?:__interceptor_|__interceptor_trampoline_|___interceptor_|wrap_|__wrap_)(?=[a-z_])/;

function stripBuildSuffixes(name: string): string {
  let next = name;
  // One symbol may carry several, as in `f.part.0.isra.0.cold`.
  for (let turn = 0; turn < 8 && BUILD_SUFFIX.test(next); turn++) next = next.replace(BUILD_SUFFIX, '');
  return next;
}

const module: FrameRule = {
  id: 'module.base-name',
  apply: (frame) => {
    if (frame.module === undefined || frame.language !== 'native') return false;
    const base = frame.module.replaceAll('\\', '/').split('/').at(-1) ?? '';
    const plain = base
      .replace(/ \(deleted\)$/, '')
      .replace(/(\.so)(?:\.\d{1,9}){1,6}$/, '$1')
      .replace(/-\d{1,9}(?:\.\d{1,9}){1,4}(?=\.|$)/, '')
      .replace(/-[0-9a-f]{16,64}(?=\.|$)/, '');
    if (plain === frame.module) return false;
    frame.module = plain === '' ? undefined : plain;
    return true;
  },
};

export const nativeRules: readonly FrameRule[] = [
  module,
  functionRule('native.symbol-version', 'native', (name) => name.replace(/@{1,2}[A-Z][\w.]{0,64}$/, '')),
  functionRule('native.plt', 'native', (name) => name.replace(/(?:@plt|\[plt\]|@got)$/, '')),
  functionRule('native.build-suffix', 'native', stripBuildSuffixes),
  functionRule('native.rust-legacy', 'native', demangleRustLegacy),
  functionRule('native.rust-hash', 'native', (name) => name.replace(/::h[0-9a-f]{16}$/, '')),
  functionRule('native.isolate-function', 'native', isolateCpp),
  functionRule('native.closure', 'native', (name) => name.replace(/\{\{?closure(?:#\d{1,9}|\.\w{1,32})?\}\}?/g, '{closure}')),
  functionRule('native.alias', 'native', (name) => {
    if (KEPT.test(name)) return name;
    const plain = name.replace(INTERCEPTOR, '').replace(GLIBC_ALIAS, '');
    return plain.replace(/^__(\w{1,128})_chk$/, '$1');
  }),
];
