// node e2e/cluster/cli.mjs build [--gvisor]|up|down [--wipe]|status|kubectl …|helm …
import { execFileSync } from 'node:child_process';
import { join } from 'node:path';
import { build, down, status, up } from './lib/cluster.mjs';
import { folderOf } from './lib/go-build.mjs';
import { KUBECONFIG } from './lib/paths.mjs';

const began = Date.now();
const say = (text) => console.error(`[${((Date.now() - began) / 1000).toFixed(1).padStart(6)} s] ${text}`);
const [command, ...args] = process.argv.slice(2);
const COMMANDS = {
  build: () => build({ say, withGvisor: args.includes('--gvisor') }),
  up: async () => console.log(`export KUBECONFIG=${await up({ say })}`),
  down: () => down({ wipe: args.includes('--wipe') }),
  status: () => console.log(JSON.stringify(status(), null, 2)),
  kubectl: () => pass(join(folderOf('kubernetes'), 'kubectl')),
  helm: () => pass(join(folderOf('helm'), 'helm')),
};

if (!Object.hasOwn(COMMANDS, command ?? '')) {
  console.error(`usage: cli.mjs ${Object.keys(COMMANDS).join('|')}`);
  process.exit(2);
}
try {
  await COMMANDS[command]();
} catch (error) {
  console.error(`cluster: ${error.message}`);
  process.exit(1);
}

function pass(program) {
  try {
    execFileSync(program, args, { stdio: 'inherit', env: { ...process.env, KUBECONFIG } });
  } catch (error) {
    process.exit(error.status ?? 1);
  }
}
