/** The import path of a Go symbol's package, unescaped; undefined for a symbol without one (assembly of the runtime, linker symbols). */
export function goPackage(symbol: string): string | undefined {
  const name = symbol.replace(GENERATED, '');
  if (name.startsWith('go:') || name.startsWith('struct {') || name.startsWith('type:')) return undefined;
  // Type arguments and receivers hold other packages' paths.
  const stop = name.search(/[[({ ]/);
  const head = stop === -1 ? name : name.slice(0, stop);
  const dot = head.indexOf('.', head.lastIndexOf('/') + 1);
  if (dot <= 0) return undefined;
  return unescapePath(head.slice(0, dot));
}

// Equality and hash functions that the compiler makes for a type; `type..eq.` before Go 1.20.
const GENERATED = /^type[:.]\.(?:eq|hash)\.(?:\[\d+\])*/;

// cmd/internal/objabi.PathToPrefix: the last element's dots, quotes, percent signs and bytes beyond ASCII are %xx.
function unescapePath(path: string): string {
  const bytes = Buffer.from(path.replace(/%([0-9a-f]{2})/g, (_, hex: string) => String.fromCharCode(Number.parseInt(hex, 16))), 'latin1');
  const decoded = path.includes('%') ? bytes.toString('utf8') : path;
  return decoded.includes('\ufffd') ? path : decoded;
}

// cmd/compile/internal/ir: closures, range-over-func bodies, wrappers of go and defer; `-fm` is a method value.
const INNER = /(?:\.(?:func|gowrap|deferwrap)\d+(?:\.\d+)*|\.\d+|-range\d+|-fm)$/;

/** The functions whose source holds this one, nearest first: `F` of `F.func1.2`, through every level. */
export function goOwners(symbol: string): readonly string[] {
  const owners: string[] = [];
  for (let name = symbol; ; ) {
    const owner = name.replace(INNER, '');
    // `init.0` is a function of its own and `glob.` is no function.
    if (owner === name || owner.endsWith('.init') || owner.endsWith('.glob') || owner.endsWith('.')) return owners;
    owners.push(owner);
    name = owner;
  }
}

/** `pkg.(*T)` or `pkg.T` of a method; undefined for a function. */
export function goReceiver(symbol: string): string | undefined {
  const pointer = /^(.*?\.\(\*[^()]*\))\./.exec(symbol);
  if (pointer !== null) return pointer[1];
  const packagePath = rawPackage(symbol);
  if (packagePath === undefined) return undefined;
  const rest = symbol.slice(packagePath.length + 1);
  const type = /^([A-Za-z_][A-Za-z0-9_]*(?:\[[^\]]*\])?)\.[A-Za-z_]/.exec(rest);
  if (type === null || INNER.test(`.${rest.slice((type[1] ?? '').length + 1)}`)) return undefined;
  return `${packagePath}.${type[1] ?? ''}`;
}

function rawPackage(symbol: string): string | undefined {
  const stop = symbol.search(/[[({ ]/);
  const head = stop === -1 ? symbol : symbol.slice(0, stop);
  const dot = head.indexOf('.', head.lastIndexOf('/') + 1);
  return dot <= 0 ? undefined : head.slice(0, dot);
}
