/**
 * What a workspace needs at run time, by the rules that Node resolves by: the nearest node_modules above wins.
 * @param lock a package-lock.json of version 3
 * @param without names that nothing of it is taken for
 * @param isInstalled says of a path whether it is there; what is optional may be absent
 * @param manifestOf the package.json of a workspace, which is newer than the lock file's copy of it
 * @returns [{path, name, link?}] ordered by path: `path` below the root, `link` where it is a link to a workspace
 * @throws Error for a dependency that the lock file lacks
 */
export function closureOf(lock, workspace, without, { isInstalled = () => true, manifestOf = () => ({}) } = {}) {
  const found = new Map();
  const waiting = [workspace];
  while (waiting.length > 0) {
    const path = waiting.pop();
    if (found.has(path)) continue;
    const entry = lock.packages[path];
    if (entry === undefined) throw new Error(`the lock file has no ${path}`);
    found.set(path, { path, name: entry.name ?? nameOf(path), ...(entry.link ? { link: entry.resolved } : {}) });
    if (entry.link) {
      waiting.push(entry.resolved);
      continue;
    }
    const { dependencies = {}, optionalDependencies = {}, peerDependencies = {}, peerDependenciesMeta = {} } = path.includes('node_modules/') ? entry : { ...entry, ...manifestOf(path) };
    for (const name of new Set(Object.keys({ ...dependencies, ...optionalDependencies, ...peerDependencies }))) {
      if (without.has(name)) continue;
      const at = resolve(lock, path, name);
      if (at !== undefined && lock.packages[at].optional && !isInstalled(at)) continue;
      if (at !== undefined) waiting.push(at);
      else if (name in dependencies && !(name in optionalDependencies)) throw new Error(`${path} needs ${name}, which the lock file lacks`);
      else if (name in peerDependencies && !peerDependenciesMeta[name]?.optional && !(name in optionalDependencies)) throw new Error(`${path} needs its peer ${name}, which the lock file lacks`);
    }
  }
  return [...found.values()].sort((a, b) => (a.path < b.path ? -1 : 1));
}

function resolve(lock, from, name) {
  for (let folder = from; ; folder = parent(folder)) {
    const candidate = folder === '' ? `node_modules/${name}` : `${folder}/node_modules/${name}`;
    const entry = lock.packages[candidate];
    if (entry !== undefined && fitsHere(entry)) return candidate;
    if (folder === '') return undefined;
  }
}

/** Images are built for the platform that they are built on. */
function fitsHere({ os, cpu, libc }) {
  const fits = (list, value) => list === undefined || list.includes(value);
  return fits(os, process.platform) && fits(cpu, process.arch) && fits(libc, 'glibc');
}

function parent(folder) {
  const cut = folder.lastIndexOf('/');
  return cut < 0 ? '' : folder.slice(0, cut);
}

function nameOf(path) {
  return path.slice(path.lastIndexOf('node_modules/') + 'node_modules/'.length);
}
