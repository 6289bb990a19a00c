// node e2e/deployment/cli.mjs [up] [--organisations n] [--replicas n]: installations that run until Ctrl-C
import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { writeConnection } from '@stella/cli';
import { useServers } from '../servers/index.mjs';
import { createDeployments } from './index.mjs';

const USAGE = `usage: node e2e/deployment/cli.mjs [option…]
  --organisations <1|2>   default 1; two believe each other as partners
  --replicas <count>      of every service; default 1
  --traces                spans go to Jaeger
Every service in processes of its own, on the servers of e2e/servers, until Ctrl-C; then nothing of it stays.`;
const MIB = 2 ** 20;

const { values } = parseArgs({
  options: { organisations: { type: 'string', default: '1' }, replicas: { type: 'string', default: '1' }, traces: { type: 'boolean', default: false }, help: { type: 'boolean', default: false } },
});
if (values.help) {
  console.log(USAGE);
  process.exit(0);
}
const stopped = new Promise((resolve) => {
  for (const signal of ['SIGINT', 'SIGTERM']) process.once(signal, resolve);
});
const servers = await useServers(['kafka', 'postgres', 's3', 'oidc', ...(values.traces ? ['traces'] : [])]);
const deployments = await createDeployments({ organisations: Number(values.organisations), servers, replicas: { all: Number(values.replicas) } });
try {
  for (const deployment of deployments) {
    await deployment.start();
    const home = join(deployment.folder, 'home');
    await mkdir(home, { recursive: true });
    await writeConnection(join(home, 'connection.json'), deployment.connection);
    await writeFile(join(deployment.folder, 'processes.json'), `${JSON.stringify(deployment.processes.map(({ name, pid, grpcAddress, httpAddress, log }) => ({ name, pid, grpcAddress, httpAddress, log })), undefined, 2)}\n`);
    console.log(`\n${deployment.organisation}: STELLA_HOME=${home}`);
    for (const { name, pid, grpcAddress, httpAddress, log, memoryBytes } of deployment.processes.map((each) => ({ name: each.name, pid: each.pid, grpcAddress: each.grpcAddress, httpAddress: each.httpAddress, log: each.log, memoryBytes: each.memoryBytes() }))) {
      console.log(`  ${name.padEnd(18)}${String(pid).padEnd(9)}gRPC ${grpcAddress}  ${httpAddress}  ${(memoryBytes / MIB).toFixed(0).padStart(4)} MiB  ${log}`);
    }
    if (servers.traces) console.log(`  traces            ${servers.traces.query}`);
  }
  console.log('\nReady; Ctrl-C stops it and takes it away.');
  await stopped;
} finally {
  for (const deployment of deployments) {
    await deployment.stop().catch((error) => console.error(error.message));
    await deployment.remove();
  }
}
