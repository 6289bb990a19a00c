const PATH_BYTES_MAX = 512;
const PART_BYTES_MAX = 255;
// Control, bidirectional and other invisible characters make a path look like another one.
const INVISIBLE = /[\p{Cc}\p{Cf}\p{Zl}\p{Zp}\p{Cs}]/u;
const WINDOWS_DEVICE = /^(?:con|prn|aux|nul|com[0-9]|lpt[0-9])(?:\.|$)/i;
const WINDOWS_FORBIDDEN = /[<>:"|?*\\]/;

/** Why a path could land outside of where a pack is unpacked, or look like another; nothing: it is fine. */
export function pathProblem(path: string): string | undefined {
  if (path === '' || Buffer.byteLength(path) > PATH_BYTES_MAX) return 'empty or too long';
  if (INVISIBLE.test(path)) return 'control or invisible characters';
  if (path !== path.normalize('NFC')) return 'not in Unicode normal form C';
  if (path.startsWith('/')) return 'absolute';
  if (WINDOWS_FORBIDDEN.test(path)) return 'characters that are no plain name everywhere';
  return path.split('/').map(partProblem).find((problem) => problem !== undefined);
}

/** The first path that hides another one: the same without case, or a file where another needs a folder. */
export function pathCollision(paths: readonly string[]): string | undefined {
  const folded = new Set<string>();
  for (const path of paths) {
    const key = foldPath(path);
    if (folded.has(key)) return path;
    folded.add(key);
  }
  return paths.find((path) => parentsOf(foldPath(path)).some((parent) => folded.has(parent)));
}

function foldPath(path: string): string {
  return path.normalize('NFKC').toLowerCase();
}

function parentsOf(path: string): string[] {
  const parts = path.split('/').slice(0, -1);
  return parts.map((_, at) => parts.slice(0, at + 1).join('/'));
}

function partProblem(part: string): string | undefined {
  if (part === '') return 'an empty part';
  if (part === '.' || part === '..') return 'a part that leads elsewhere';
  if (Buffer.byteLength(part) > PART_BYTES_MAX) return 'a part that is too long';
  if (/[. ]$/.test(part) || part.startsWith(' ')) return 'a part that begins or ends with a blank or a dot';
  return WINDOWS_DEVICE.test(part) ? 'the name of a device' : undefined;
}
