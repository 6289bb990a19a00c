import { existsSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseAllDocuments } from 'yaml';
import { call } from '../../../../e2e/cluster/lib/command.mjs';
import { ensureBuilt, folderOf } from '../../../../e2e/cluster/lib/go-build.mjs';
import { CACHE } from '../../../../e2e/cluster/lib/paths.mjs';

export const CHART = dirname(dirname(dirname(fileURLToPath(import.meta.url))));
export const SHAPES = ['minimal', 'full', 'small'];
const VALIDATOR = '1.37.0';

export async function ensureHelm() {
  await ensureBuilt('helm');
}

export function helm(args) {
  return call(join(folderOf('helm'), 'helm'), args);
}

/** Objects that the chart makes of a shape of ci/ and further `path=value`s. */
export function render(shape, values = {}, release = 'acme') {
  const sets = Object.entries(values).flatMap(([path, value]) => ['--set-json', `${path}=${JSON.stringify(value)}`]);
  const text = helm(['template', release, CHART, '--namespace', 'acme', '--kube-version', '1.35.0', '-f', join(CHART, 'ci', `${shape}-values.yaml`), ...sets]);
  return parseAllDocuments(text).map((document) => document.toJS()).filter(Boolean);
}

/** The containers of everything that runs pods, with whose they are. */
export function podsOf(objects) {
  return objects.flatMap((object) => {
    const spec = object.kind === 'Pod' ? object.spec : object.spec?.template?.spec;
    return spec?.containers ? [{ name: `${object.kind} ${object.metadata.name}`, object, spec }] : [];
  });
}

/** Python's kubernetes-validate, which ships the schemas of many versions, in an environment of its own. */
export function validator() {
  const folder = join(CACHE, '..', `kubernetes-validate-${VALIDATOR}`);
  const program = join(folder, 'bin', 'kubernetes-validate');
  if (!existsSync(program)) {
    call('python3', ['-m', 'venv', folder]);
    call(join(folder, 'bin', 'pip'), ['install', '--quiet', `kubernetes-validate==${VALIDATOR}`]);
  }
  return program;
}
