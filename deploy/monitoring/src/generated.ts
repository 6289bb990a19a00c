import { stringify } from 'yaml';
import { toDashboard } from './board.ts';
import { BOARDS } from './boards/index.ts';
import { ruleFile } from './rules.ts';

const HEAD = '# Made by src/generate.ts; do not edit.\n';

/** Path under this folder → content. */
export function generated(): Map<string, string> {
  const files = new Map<string, string>(BOARDS.map((board) => [`dashboards/${board.uid}.json`, `${JSON.stringify(toDashboard(board), null, 2)}\n`]));
  files.set('rules/stella.rules.yaml', HEAD + stringify(ruleFile(), { lineWidth: 0 }));
  return files;
}
