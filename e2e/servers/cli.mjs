// node e2e/servers/cli.mjs up|down|status|logs [name…]
import './lib/warnings.mjs';
import { parseArgs } from 'node:util';
import { join } from 'node:path';
import { NAMES, serversNamed } from './all.mjs';
import { down, status, up } from './index.mjs';
import { addressesPath } from './lib/addresses.mjs';
import { serverFolder } from './lib/folder.mjs';
import { lastLines } from './lib/log-file.mjs';
import { residentBytes } from './lib/memory.mjs';

const USAGE = `usage: node e2e/servers/cli.mjs <command> [name…]
  up       starts what does not run, prints the addresses
  down     stops; --purge removes the data, too
  status   what runs, its process, memory and health; ends with 1 if anything is not healthy
  logs     the last lines of each log; --lines <count>
names: ${NAMES.join(', ')}; none: all`;
const LINES_DEFAULT = '50';

const COMMANDS = {
  async up(names) {
    const { addresses } = await up(names);
    for (const [name, address] of Object.entries(addresses)) console.log(`${name.padEnd(11)}${summaryOf(address)}`);
    console.log(`everything, with the secrets: ${addressesPath()}`);
  },

  async down(names, { purge }) {
    const stopped = await down(names, { keepData: !purge });
    console.log(stopped.length === 0 ? 'nothing ran' : `stopped: ${stopped.join(', ')}`);
  },

  async status(names) {
    const all = await status(names);
    for (const { name, state, pid, problem = '' } of all) {
      const memory = pid === undefined || state === 'dead' ? '' : `${(residentBytes(pid) / 2 ** 20).toFixed(0)} MiB`;
      console.log(`${name.padEnd(11)}${state.padEnd(11)}${String(pid ?? '').padEnd(9)}${memory.padEnd(10)}${problem}`.trimEnd());
    }
    if (all.some(({ state }) => state !== 'healthy')) process.exitCode = 1;
  },

  async logs(names, { lines }) {
    for (const { name } of serversNamed(names)) {
      const path = join(serverFolder(name), 'log');
      console.log(`== ${path}\n${lastLines(path, Number(lines)).join('\n')}`);
    }
  },
};

/** What is no secret of an address. */
function summaryOf(address) {
  return Object.entries(address)
    .filter(([name, value]) => !/password|secret/i.test(name) && [value].flat().every((each) => typeof each !== 'object'))
    .map(([name, value]) => `${name} ${value}`)
    .join('  ');
}

try {
  const { values, positionals } = parseArgs({
    allowPositionals: true,
    options: { purge: { type: 'boolean', default: false }, lines: { type: 'string', default: LINES_DEFAULT }, help: { type: 'boolean', default: false } },
  });
  const [name, ...servers] = positionals;
  const command = Object.hasOwn(COMMANDS, name ?? '') ? COMMANDS[name] : undefined;
  if (command === undefined || values.help) {
    console.log(USAGE);
    process.exitCode = values.help ? 0 : 2;
  } else {
    await command(servers, values);
  }
} catch (error) {
  console.error(`servers: ${error.message}`);
  process.exitCode = error.code?.startsWith?.('ERR_PARSE_ARGS') ? 2 : 1;
}
