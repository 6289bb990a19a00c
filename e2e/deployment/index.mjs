import { randomBytes } from 'node:crypto';
import { mkdtemp, mkdir } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { freePort } from '../servers/lib/ports.mjs';
import { useServers } from '../servers/index.mjs';
import { stella } from './lib/command-line.mjs';
import { Deployment } from './lib/deployment.mjs';
import { makeResources } from './lib/resources.mjs';
import { SERVICES } from './lib/services.mjs';

export { SERVICES } from './lib/services.mjs';

const SERVERS = ['kafka', 'postgres', 's3', 'oidc'];

/** See `index.d.mts`. */
export async function createDeployments({ organisations = 2, servers, space = randomBytes(4).toString('hex'), folder, replicas = {}, settings = {} } = {}) {
  const cluster = servers ?? (await useServers(SERVERS));
  const home = folder ?? (await mkdtemp(join(tmpdir(), 'stella-deployments-')));
  const identities = cluster.oidc.organisations.slice(0, organisations);
  if (identities.length < organisations) throw new Error(`the identity provider knows ${identities.length} organisations, not ${organisations}`);
  const folders = identities.map(({ realm }) => join(home, realm));
  for (const [at, { organisation }] of identities.entries()) {
    await mkdir(folders[at], { recursive: true, mode: 0o700 });
    await stella(folders[at], 'keys', 'create', '--organisation', organisation, '--out', 'keys');
  }
  const deployments = [];
  for (const [at, identity] of identities.entries()) {
    const partners = folders.filter((_, other) => other !== at).flatMap((other) => ['--partner', join(other, 'keys', 'card.json')]);
    await stella(folders[at], 'trust', 'build', '--card', 'keys/card.json', '--root-key', 'keys/root/root-key.pem', ...partners, '--out', 'trust');
    const resources = await makeResources(`${identity.realm}_${space}`, cluster);
    const parts = { folder: folders[at], organisation: identity.organisation, identity, resources, servers: cluster, replicas: await portsOf(replicas), settings };
    const deployment = new Deployment(parts);
    await deployment.migrate();
    deployments.push(deployment);
  }
  return deployments;
}

async function portsOf(replicas) {
  const taken = new Set();
  const fresh = async () => {
    for (;;) {
      const port = await freePort();
      if (!taken.has(port)) return taken.add(port) && port;
    }
  };
  const ports = {};
  for (const service of SERVICES) {
    ports[service] = [];
    for (let at = 1; at <= (replicas[service] ?? replicas.all ?? 1); at++) ports[service].push({ name: `${service}-${at}`, grpcPort: await fresh(), httpPort: await fresh() });
  }
  return ports;
}
