/** Writes the boards and rules that the chart ships; `--check` only says whether they are what the code makes. */
import { mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { generated } from './generated.ts';

const root = dirname(dirname(fileURLToPath(import.meta.url)));
const isCheck = process.argv.includes('--check');
const files = generated();
const stale: string[] = [];
for (const folder of ['dashboards', 'rules']) {
  mkdirSync(join(root, folder), { recursive: true });
  for (const name of readdirSync(join(root, folder))) if (!files.has(`${folder}/${name}`)) stale.push(`${folder}/${name} (nothing makes it)`);
}
for (const [path, text] of files) {
  if (isCheck && read(path) !== text) stale.push(path);
  else if (!isCheck) writeFileSync(join(root, path), text);
}
if (stale.length > 0) {
  process.stderr.write(`not what the code makes: ${stale.join(', ')}\nrun: npm run generate --workspace @stella/monitoring\n`);
  process.exitCode = 1;
}

function read(path: string): string | undefined {
  try {
    return readFileSync(join(root, path), 'utf8');
  } catch {
    return undefined;
  }
}
