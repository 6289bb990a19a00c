import { globSync, readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';

/** Folders of the workspace's projects below its root. */
export function projectFolders(root) {
  const { workspaces } = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8'));
  return workspaces.flatMap((pattern) => globSync(`${pattern}/package.json`, { cwd: root })).map(dirname).sort();
}
