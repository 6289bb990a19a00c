import { join } from 'node:path';
import { stringify } from 'yaml';
import { goPrograms } from './lib/go.mjs';
import { answerOf } from './lib/health.mjs';
import { writeWhole } from './lib/files.mjs';
import { serverFolder } from './lib/folder.mjs';

const HOST = '127.0.0.1';
const CONFIGURATION = 'prometheus.yaml';
/** Watched by Prometheus: what is written takes effect by itself. */
const TARGETS = 'targets.json';
const RULES = 'rules';
const INTERVAL = '1s';

/** @type {import('./lib/server.mjs').Server} */
export const prometheus = {
  name: 'prometheus',
  ports: ['server'],

  install: installPrometheus,

  async plan({ folder, ports, installation }) {
    const data = join(folder, 'data');
    const options = [`--config.file=${join(folder, CONFIGURATION)}`, `--storage.tsdb.path=${data}`, `--web.listen-address=${HOST}:${ports.server}`, '--web.enable-lifecycle', '--log.level=warn'];
    return {
      launch: { command: join(installation, 'prometheus'), args: options, env: { HOME: folder } },
      files: { [CONFIGURATION]: stringify(configuration(folder)) },
      address: { url: `http://${HOST}:${ports.server}` },
    };
  },

  async check({ url }) {
    await answerOf(`${url}/-/ready`);
  },
};

/** The folder of `prometheus` and `promtool`. */
export function installPrometheus() {
  // Of the many ways to find targets only files are needed: the others are most of the program.
  return goPrograms({ name: 'prometheus', module: 'github.com/prometheus/prometheus', version: 'v0.316.0', packages: ['cmd/prometheus', 'cmd/promtool'], tags: 'remove_all_sd' });
}

/** See `index.d.mts`. */
export function scrape(groups) {
  writeWhole(join(serverFolder(prometheus.name), TARGETS), JSON.stringify(groups.map(({ job, targets, labels = {} }) => ({ targets, labels: { job, ...labels } }))));
}

/** See `index.d.mts`. */
export async function loadRules(url, rules) {
  const folder = join(serverFolder(prometheus.name), RULES);
  for (const [name, content] of Object.entries(rules)) writeWhole(join(folder, name), content);
  await answerOf(`${url}/-/reload`, { method: 'POST' });
}

function configuration(folder) {
  return {
    global: { scrape_interval: INTERVAL, scrape_timeout: INTERVAL, evaluation_interval: INTERVAL },
    rule_files: [join(folder, RULES, '*.yaml')],
    scrape_configs: [{ job_name: 'targets', file_sd_configs: [{ files: [join(folder, TARGETS)] }] }],
  };
}
