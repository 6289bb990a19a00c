import type { FrameDraft, FrameRule } from './draft.js';
import { scrubName } from './scrub.js';

const MODULE_CACHE = /(?:^|\/)(?:pkg\/mod\/|vendor\/)?((?:[\w-]{1,64}\.){1,4}[a-z]{2,16}\/[\w.~/-]{1,512}?)@v[^/]{1,128}\/(.{1,2048})$/;
const CARGO = /(?:^|\/)registry\/src\/[^/]{1,128}\/([\w-]{1,128}?)-\d[\w.+-]{0,64}\/(.{1,2048})$/;
const RUST_STD = /^\/rustc\/[0-9a-f]{1,64}\/(?:library|src)\/(.{1,2048})$/;
const GO_ROOT = /^(?:\/usr\/local\/go|\/usr\/lib\/go[\w.-]{0,16}|.{0,1024}\/go\d[\w.-]{0,32}|.{0,1024}\/sdk\/go[\w.-]{0,32})\/src\/(.{1,2048})$/;
const HOSTED = /^(?:.{0,1024}\/src\/)?(?:github\.com|gitlab\.com|bitbucket\.org|codeberg\.org)\/[^/]{1,128}\/[^/]{1,128}\/(.{1,2048})$/;
const BUILD_ROOT = /^\/(?:builds?|builddir\/build\/BUILD|usr\/src\/debug|usr\/src|workspace|github\/workspace|app|src|__w)\/(.{1,2048})$/;
const PATH_PARTS_MAX = 3;

/** Makes a frame's file repository-relative; what is left of an unknown absolute path is its last parts. */
export const pathRule: FrameRule = {
  id: 'path.repository-relative',
  apply: (frame) => {
    if (frame.file === undefined) return false;
    const relative = relativePath(frame, frame.file.replaceAll('\\', '/'));
    const scrubbed = relative === '' ? undefined : scrubName(relative);
    if (scrubbed === frame.file) return false;
    frame.file = scrubbed;
    return true;
  },
};

function relativePath(frame: FrameDraft, path: string): string {
  const dependency = MODULE_CACHE.exec(path) ?? CARGO.exec(path);
  if (dependency) {
    frame.origin = 'dependency';
    return dependency[2] ?? '';
  }
  const standard = RUST_STD.exec(path) ?? GO_ROOT.exec(path);
  if (standard) {
    frame.origin = 'std';
    return standard[1] ?? '';
  }
  const hosted = HOSTED.exec(path)?.[1];
  if (hosted !== undefined) return hosted;
  // What was scrubbed before it was parsed begins with what stands for a folder.
  const absolute = /^(?:\/|[A-Za-z]:\/|<(?:home|temp)>)/.test(path);
  if (!absolute) return path.replace(/^(?:\.{1,2}\/){1,64}/, '');
  const built = BUILD_ROOT.exec(path)?.[1];
  return lastParts(scrubName(built ?? path));
}

function lastParts(path: string): string {
  const parts = path.split('/').filter((part) => part !== '' && part !== '<home>' && part !== '<temp>');
  // The first part after a home directory names a checkout, whose name is the user's choice.
  const kept = path.startsWith('<home>') && parts.length > 1 ? parts.slice(1) : parts;
  return kept.slice(-PATH_PARTS_MAX).join('/');
}
