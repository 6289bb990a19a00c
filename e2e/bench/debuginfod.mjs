// Look-ups by build id over HTTP: the marketplace with 500 and with 100,000 ids against elfutils' debuginfod with 500.
import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { alternate } from './lib/alternate.mjs';
import { benchmark } from './lib/benchmark.mjs';
import { buildIdOf, makeBuilds, unknownIdOf } from './lib/build-ids.mjs';
import { group } from './lib/group.mjs';
import { KeepAliveClient } from './lib/keep-alive-client.mjs';
import { startElfutils, startMarketplace } from './lib/lookup-servers.mjs';
import { inPrivateNetwork } from './lib/private-network.mjs';
import { requireTool } from './lib/run-program.mjs';
import { temporaryFolder } from './lib/temporary-folder.mjs';

const FILES = 500;
const MANY_IDS = 100_000;
const LOOKUPS_A_RUN = 100;
const CONNECTIONS = 8;
const THROUGHPUT_MS = 500;
/** Coprime to both numbers of ids, so that every id has its turn. */
const STRIDE = 7_919;

inPrivateNetwork(fileURLToPath(import.meta.url));

await benchmark('debuginfod', async (runs) => {
  const debuginfod = requireTool('debuginfod', 'apt-get install debuginfod');
  const folder = temporaryFolder();
  const { paths } = makeBuilds(folder, FILES);
  const sizeBytes = readFileSync(paths[0]).length;
  const servers = [];
  const start = async (starting) => {
    const server = await starting;
    servers.push(server);
    return server;
  };
  try {
    const subjects = {
      'elfutils, 500': await start(startElfutils(folder, FILES)),
      'stella, 500': await start(startMarketplace(folder, FILES, FILES)),
      'stella, 100,000': await start(startMarketplace(folder, FILES, MANY_IDS)),
    };
    for (const server of servers) await requireSameBytes(server, paths);
    const facts = { sizeBytes, connections: CONNECTIONS };
    const groups = await measure(subjects, runs);
    for (const [name, { readyMs, memoryBytes }] of Object.entries(subjects)) {
      facts[`${name}: ready after ms`] = Math.round(readyMs);
      facts[`${name}: resident MiB`] = Math.round(memoryBytes() / 2 ** 20);
    }
    return { tools: { debuginfod }, facts, groups };
  } finally {
    for (const server of servers) await server.stop(); // which ends the connections too
  }
});

async function measure(subjects, runs) {
  const hits = await alternate(casesOf(subjects, (server) => lookUp(server, buildIdOf, 200)), runs);
  const misses = await alternate(casesOf(subjects, (server) => lookUp(server, unknownIdOf, 404)), runs);
  const many = { 'hit: stella, 100,000': hits['stella, 100,000'], 'miss: stella, 100,000': misses['stella, 100,000'] };
  const throughput = await alternate(casesOf(subjects, (server) => floodOf(server)), runs);
  return [
    group('hit', hits, {
      ratios: [['stella, 100,000', 'stella, 500']],
      goals: [
        { text: 'p50 at most that of debuginfod', case: 'stella, 500', to: 'elfutils, 500', max: 1 },
        { text: 'p50 with 100,000 ids at most that of debuginfod with 500', case: 'stella, 100,000', to: 'elfutils, 500', max: 1 },
      ],
    }),
    group('miss', misses, { ratios: [['stella, 500', 'elfutils, 500'], ['stella, 100,000', 'elfutils, 500']] }),
    group('a no against a yes', many, {
      goals: [{ text: 'a no is as fast as a yes', case: 'miss: stella, 100,000', to: 'hit: stella, 100,000', max: 1 }],
    }),
    group(`look-ups that hit, ${CONNECTIONS} connections`, throughput, {
      unit: 'requests/s',
      goals: [
        { text: 'at least twice debuginfod', case: 'stella, 500', to: 'elfutils, 500', min: 2 },
        { text: 'with 100,000 ids at least twice debuginfod with 500', case: 'stella, 100,000', to: 'elfutils, 500', min: 2 },
      ],
    }),
  ];
}

function casesOf(subjects, makeCase) {
  return Object.fromEntries(Object.entries(subjects).map(([name, server]) => [name, makeCase(server)]));
}

/** The paths of all ids, in an order that jumps through them. */
function pathsOf(ids, idOf) {
  return Array.from({ length: ids }, (_, at) => `/buildid/${idOf((at * STRIDE) % ids)}/debuginfo`);
}

/** One connection, one request after the other; every answer's status is checked. */
function lookUp({ port, ids }, idOf, status) {
  const client = new KeepAliveClient(port);
  const paths = pathsOf(ids, idOf);
  let at = 0;
  return async () => {
    const samples = [];
    for (let count = 0; count < LOOKUPS_A_RUN; count++) {
      const path = paths[at++ % ids];
      const answer = await client.get(path);
      if (answer.status !== status) throw new Error(`${path}: ${answer.status}, not ${status}`);
      samples.push(answer.elapsedMs);
    }
    if (client.reconnects > 0) throw new Error('the server does not keep connections: latencies would hold their making');
    return samples;
  };
}

/** As many as come through in a while. */
function floodOf({ port, ids }) {
  const clients = Array.from({ length: CONNECTIONS }, () => new KeepAliveClient(port));
  const paths = pathsOf(ids, buildIdOf);
  let at = 0;
  return async () => {
    let answered = 0;
    const start = performance.now();
    const work = async (client) => {
      while (performance.now() - start < THROUGHPUT_MS) {
        const { status } = await client.get(paths[at++ % ids]);
        if (status !== 200) throw new Error(`a look-up answered ${status}`);
        answered++;
      }
    };
    await Promise.all(clients.map(work));
    return [(answered * 1_000) / (performance.now() - start)];
  };
}

/** A server that answers fast with other bytes has not been measured. */
async function requireSameBytes({ port, ids }, paths) {
  const client = new KeepAliveClient(port);
  for (const number of [0, 1, paths.length - 1, ids - 1]) {
    const { status, body } = await client.get(`/buildid/${buildIdOf(number)}/debuginfo`);
    const expected = readFileSync(paths[number % paths.length]);
    if (status !== 200 || !body.equals(expected)) throw new Error(`the server at ${port} gives other bytes for build ${number} (${status})`);
  }
  client.close();
}
