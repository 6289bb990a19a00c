// Installations by Helm of two organisations, on the real servers of `e2e/servers`.
import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { stella } from '../../../deployment/lib/command-line.mjs';
import { makeResources, removeResources } from '../../../deployment/lib/resources.mjs';
import { SERVICES } from '../../../deployment/lib/services.mjs';
import { useServers } from '../../../servers/index.mjs';
import { apply, helm, helmAsync, kubectl } from '../../lib/cluster.mjs';
import { until } from '../../lib/command.mjs';
import { forward } from '../../lib/forward.mjs';
import { REPOSITORY } from '../../lib/paths.mjs';

const CHART = join(REPOSITORY, 'charts', 'stella');
const KEYS = ['gate', 'psdi', 'frvf', 'fbpe'];
const secretOf = (name, data) => ({ apiVersion: 'v1', kind: 'Secret', metadata: { name }, stringData: data });

/** Two organisations that are each other's partners; the servers are reachable from pods. */
export async function prepareInstallations(count = 2) {
  const servers = await useServers(['kafka', 'postgres', 's3', 'oidc']);
  await forward(portsOf(servers));
  const home = mkdtempSync(join(tmpdir(), 'stella-e2e-helm-'));
  const identities = servers.oidc.organisations.slice(0, count);
  const folders = Object.fromEntries(identities.map(({ realm }) => [realm, mkdtempSync(join(home, `${realm}-`))]));
  for (const { realm, organisation } of identities) await stella(folders[realm], 'keys', 'create', '--organisation', organisation, '--out', 'keys');
  const made = [];
  for (const identity of identities) {
    const partners = identities.filter((other) => other !== identity).flatMap(({ realm }) => ['--partner', join(folders[realm], 'keys', 'card.json')]);
    await stella(folders[identity.realm], 'trust', 'build', '--card', 'keys/card.json', '--root-key', 'keys/root/root-key.pem', ...partners, '--out', 'trust');
    // A broker that has just begun may not know its own new topics yet.
    const resources = await until('databases, buckets and topics', 180, () => makeResources(`helm_${identity.realm}`, servers), 2_000);
    made.push(new Installation({ identity, servers, resources, folder: folders[identity.realm] }));
  }
  return { installations: made, remove: () => rmSync(home, { recursive: true, force: true }) };
}

export class Installation {
  constructor({ identity, servers, resources, folder }) {
    Object.assign(this, { identity, servers, resources, folder });
    this.namespace = identity.realm;
    this.release = identity.realm;
    this.fullname = `${identity.realm}-stella`;
  }

  /** What the operator makes by hand before the first install. */
  makeSecrets() {
    apply({ apiVersion: 'v1', kind: 'Namespace', metadata: { name: this.namespace, labels: { 'pod-security.kubernetes.io/enforce': 'restricted' } } });
    const { identity, servers, resources, folder } = this;
    const secrets = [
      secretOf('stella-database', resources.databaseUrls),
      secretOf('stella-s3', { 'access-key': servers.s3.accessKey, 'secret-key': servers.s3.secretKey }),
      secretOf('stella-oidc', Object.fromEntries(SERVICES.map((service) => [service, identity.clients[`service-${service}`].clientSecret]))),
      secretOf('stella-test', { 'client-id': identity.clients.pipeline.clientId, 'client-secret': identity.clients.pipeline.clientSecret }),
      ...KEYS.map((service) => secretOf(`stella-keys-${service}`, filesIn(join(folder, 'keys', service)))),
      { apiVersion: 'v1', kind: 'ConfigMap', metadata: { name: 'stella-trust' }, data: filesIn(join(folder, 'trust')) },
    ];
    apply(secrets.map((object) => ({ ...object, metadata: { ...object.metadata, namespace: this.namespace } })));
  }

  values() {
    const { identity, servers, resources } = this;
    return {
      global: { image: { registry: 'localhost', pullPolicy: 'Never' } },
      organisation: identity.organisation,
      database: { existingSecret: 'stella-database' },
      kafka: { brokers: servers.kafka.brokers, topicPrefix: resources.topicPrefix },
      s3: { endpoint: servers.s3.endpoint, region: servers.s3.region, bucket: resources.bucket, existingSecret: 'stella-s3' },
      oidc: { issuer: identity.issuer, audience: identity.audience, existingSecret: 'stella-oidc' },
      keys: { existingSecrets: Object.fromEntries(KEYS.map((service) => [service, `stella-keys-${service}`])) },
      trust: { existingConfigMap: 'stella-trust' },
      test: { existingSecret: 'stella-test' },
      // A machine of two processors, which others use too.
      defaults: { replicas: 1, startupSeconds: 900, resources: { requests: { cpu: '50m', memory: '96Mi' }, limits: { memory: '768Mi' } } },
      services: { fbpe: { pullInterval: '2s' }, psdi: { resources: { requests: { cpu: '50m', memory: '96Mi' }, limits: { memory: '3Gi' } } } },
      replay: { runtimeClassName: 'replay', resources: { requests: { cpu: '50m', memory: '128Mi', 'ephemeral-storage': '64Mi' }, limits: { cpu: '2', memory: '3Gi', 'ephemeral-storage': '2Gi' } } },
    };
  }

  /** `helm upgrade --install`, to the end of its roll-out. */
  install(changes = {}) {
    return helm(this.#arguments(changes));
  }

  /** The same, beside other work. */
  upgrade(changes) {
    return helmAsync(this.#arguments(changes));
  }

  #arguments(changes) {
    const file = join(this.folder, 'values.json');
    writeFileSync(file, JSON.stringify(this.values()));
    const sets = Object.entries(changes).flatMap(([path, value]) => ['--set-json', `${path}=${JSON.stringify(value)}`]);
    return ['upgrade', '--install', this.release, CHART, '--namespace', this.namespace, '-f', file, ...sets, '--wait', '--timeout', '15m'];
  }

  test() {
    return helm(['test', this.release, '--namespace', this.namespace, '--logs', '--timeout', '10m']);
  }

  uninstall() {
    return helm(['uninstall', this.release, '--namespace', this.namespace, '--wait', '--timeout', '5m']);
  }

  pods(service) {
    return JSON.parse(kubectl(['-n', this.namespace, 'get', 'pods', '-l', `app.kubernetes.io/component=${service}`, '-o', 'json'])).items;
  }

  /** How the command line reaches it: an address a service. */
  writeConnection(grpcAddresses) {
    const { clientId, clientSecret } = this.identity.clients.pipeline;
    const { issuer, audience } = this.identity;
    const connection = { grpcAddress: grpcAddresses.gate, grpcAddresses, httpAddress: 'http://127.0.0.1:9', issuer, tokenEndpoint: `${issuer}/protocol/openid-connect/token`, audience, clientId, clientSecret };
    writeFileSync(join(this.folder, 'connection.json'), JSON.stringify(connection), { mode: 0o600 });
  }

  stella(...argv) {
    return stella(this.folder, ...argv);
  }

  async removeResources() {
    await removeResources(this.resources, this.servers);
  }
}

function filesIn(folder) {
  return Object.fromEntries(readdirSync(folder).map((name) => [name, readFileSync(join(folder, name), 'utf8')]));
}

function portsOf({ kafka, postgres, s3, oidc }) {
  const urls = [s3.endpoint, ...oidc.organisations.map(({ issuer }) => issuer)];
  const ports = [...kafka.brokers.map((broker) => broker.split(':').at(-1)), postgres.port, ...urls.map((url) => new URL(url).port)];
  return [...new Set(ports.map(Number))];
}
