/** First parts of import paths of Go's standard library (`go list std`, Go 1.25). */
const STD_ROOTS = new Set(
  ('archive bufio bytes cmp compress container context crypto database debug embed encoding errors expvar flag fmt go ' +
    'hash html image index io iter log maps math mime net os path plugin reflect regexp runtime slices sort strconv ' +
    'strings structs sync syscall testing text time unicode unique unsafe weak vendor').split(' '),
);

/** The standard library's own internal packages, which a repository-relative path looks like. */
const STD_INTERNAL = new Set(
  ('abi asan bisect buildcfg bytealg byteorder chacha8rand concurrent coverage cpu dag diff exportdata filepathlite ' +
    'fmtsort fuzz goarch godebug godebugs goexperiment goos goroot gover goversion intern itoa lazyregexp lazytemplate ' +
    'msan nettrace obscuretestdata oserror pkgbits platform poll profile profilerecord race reflectlite runtime safefilepath ' +
    'saferio singleflight stringslite sync synctest syscall sysinfo syslist testenv testlog testpty trace txtar types ' +
    'unsafeheader weak xcoff zstd').split(' '),
);

/** Whether an import path without a host belongs to the standard library. */
export function isGoStd(importPath: string): boolean {
  const [root = '', second = ''] = importPath.split('/');
  return root === 'internal' ? STD_INTERNAL.has(second) : STD_ROOTS.has(root);
}

/** Splits `host/path/pkg.Func` into the import path and the rest; the last slash ends the directories. */
export function splitGoName(name: string): { readonly importPath: string; readonly symbol: string } {
  // A type argument may hold slashes of its own.
  const bracket = name.indexOf('[');
  const head = bracket < 0 ? name : name.slice(0, bracket);
  const dot = name.indexOf('.', head.lastIndexOf('/') + 1);
  if (dot < 0) return { importPath: '', symbol: name };
  return { importPath: name.slice(0, dot).replaceAll('%2e', '.'), symbol: name.slice(dot + 1) };
}
