// node charts/stella/tools/generate.mjs [--check]: makes README.md, values.schema.json and images.txt of values.yaml, and
// copies what the chart ships of deploy/, since a chart reads no files outside of its own folder.
import { existsSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseDocument } from 'yaml';
import { describeValues } from './values-table.mjs';
import { schemaOf } from './values-schema.mjs';

const chart = dirname(dirname(fileURLToPath(import.meta.url)));
const deploy = join(chart, '..', '..', 'deploy');

/** Path below the chart → text. */
export function generated() {
  const document = parseDocument(readFileSync(join(chart, 'values.yaml'), 'utf8'));
  const { version, appVersion } = parseDocument(readFileSync(join(chart, 'Chart.yaml'), 'utf8')).toJS();
  const readme = readFileSync(join(chart, 'tools', 'README.template.md'), 'utf8');
  const { images } = JSON.parse(readFileSync(join(chart, '..', '..', 'docker', 'images.json'), 'utf8'));
  return {
    'README.md': readme.replaceAll('{{version}}', version).replace('{{values}}', describeValues(document)),
    'values.schema.json': `${JSON.stringify(schemaOf(document.toJS()), null, 2)}\n`,
    'images.txt': `${Object.keys(images).map((name) => `stella-${name}:${appVersion}`).join('\n')}\n`,
    ...copies('kafka', (name) => name === 'topics.json'),
    ...copies('monitoring/dashboards', (name) => name.endsWith('.json')),
    ...copies('monitoring/rules', (name) => name.endsWith('.yaml')),
  };
}

function copies(folder, isShipped) {
  const from = join(deploy, folder);
  if (!existsSync(from)) return {};
  return Object.fromEntries(readdirSync(from).filter(isShipped).map((name) => [join('files', folder, name), readFileSync(join(from, name), 'utf8')]));
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  const isCheck = process.argv.includes('--check');
  const different = [];
  for (const [path, text] of Object.entries(generated())) {
    const at = join(chart, path);
    if (existsSync(at) && readFileSync(at, 'utf8') === text) continue;
    different.push(path);
    if (isCheck) continue;
    mkdirSync(dirname(at), { recursive: true });
    writeFileSync(at, text);
  }
  if (isCheck && different.length > 0) {
    console.error(`not as generated: ${different.join(', ')}; run node charts/stella/tools/generate.mjs`);
    process.exit(1);
  }
}
