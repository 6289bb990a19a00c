import { NAMES, serversNamed } from './all.mjs';
import { writeAddresses } from './lib/addresses.mjs';
import { problemNow } from './lib/health.mjs';
import { isRunning } from './lib/process-identity.mjs';
import { readRecord } from './lib/record.mjs';
import { ensureDown, ensureUp, killServer as kill } from './lib/supervise.mjs';

export { installPrometheus, loadRules, scrape } from './prometheus.mjs';

/** See `index.d.mts`. */
export async function useServers(names) {
  const { addresses } = await up(names);
  return addresses;
}

export async function up(names = []) {
  const servers = serversNamed(names);
  const installations = [];
  // One after the other: a build takes all the processors that it is given.
  for (const server of servers) installations.push(await server.install());
  const results = await Promise.allSettled(servers.map((server, index) => ensureUp(server, installations[index])));
  await writeAddresses(NAMES);
  const problems = results.filter(({ status }) => status === 'rejected').map(({ reason }) => reason);
  if (problems.length === 1) throw problems[0];
  if (problems.length > 1) throw new AggregateError(problems, problems.map(({ message }) => message).join('\n'));
  return {
    addresses: Object.fromEntries(servers.map(({ name }, index) => [name, results[index].value.record.address])),
    started: servers.filter((_server, index) => results[index].value.started).map(({ name }) => name),
  };
}

export async function down(names = [], { keepData = true } = {}) {
  const servers = serversNamed(names);
  const ran = await Promise.all(servers.map((server) => ensureDown(server, { keepData })));
  await writeAddresses(NAMES);
  return servers.filter((_server, index) => ran[index]).map(({ name }) => name);
}

export async function killServer(name) {
  const [server] = serversNamed([name]);
  await kill(server);
}

export async function status(names = []) {
  return Promise.all(serversNamed(names).map(statusOf));
}

async function statusOf(server) {
  const { name } = server;
  const record = readRecord(name);
  if (record?.process === undefined) return { name, state: 'stopped' };
  const { pid } = record.process;
  if (!isRunning(record.process)) return { name, state: 'dead', pid };
  const problem = await problemNow(server, record.address);
  return { name, state: problem === undefined ? 'healthy' : 'unhealthy', pid, ...(problem === undefined ? {} : { problem }) };
}
