import type { BuildView } from '../delta/delta-view.js';
import { goOwners, goPackage, goReceiver } from './go-names.js';
import type { Pattern } from './pattern.js';

// Parts that GCC and LLVM split off a function or clone from it.
const SPLIT = /\.(?:part|cold|isra|constprop|lto_priv|llvm)(?:\.\d+)*$/;

/** The functions whose source holds this one, nearest first. */
export function owners(name: string, build: BuildView): readonly string[] {
  if (build.language === 'go') return goOwners(name);
  const found: string[] = [];
  for (let rest = name; SPLIT.test(rest); ) {
    rest = rest.replace(SPLIT, '');
    found.push(rest);
  }
  return found;
}

/** With and without the main module's path, so that a claim may say `internal/js_parser`. */
function forms(name: string, build: BuildView): readonly string[] {
  const prefix = build.modulePath === undefined ? undefined : `${build.modulePath}/`;
  return prefix !== undefined && name.startsWith(prefix) ? [name, name.slice(prefix.length)] : [name];
}

/** The pattern names this very function (or data), not only something that holds it. */
export function namesExactly(pattern: Pattern, name: string, build: BuildView): boolean {
  return pattern.exact && forms(name, build).some((form) => pattern.matches(form));
}

/** Every spelling under which a claim may speak of a function: itself, what holds it, its receiver's type, its package. */
export function spellings(name: string, build: BuildView): readonly string[] {
  const scopes = [name, ...owners(name, build)];
  if (build.language === 'go') {
    const receiver = goReceiver(name);
    const path = goPackage(name);
    if (receiver !== undefined) scopes.push(receiver);
    if (path !== undefined) scopes.push(path);
  }
  return scopes.flatMap((scope) => forms(scope, build));
}

/** The pattern matches the function, a function that holds it, its receiver's type or its package. */
export function covers(pattern: Pattern, name: string, build: BuildView): boolean {
  return spellings(name, build).some((spelling) => pattern.matches(spelling));
}
