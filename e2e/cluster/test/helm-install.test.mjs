// Two organisations installed by Helm on the real servers: the main job, an upgrade under load, pods that are killed, and
// an uninstall that leaves nothing.
import assert from 'node:assert/strict';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { createStellaClient } from '@stella/client';
import { incidentById } from '@stella/incidents';
import { buildImages, IMAGES, saveImages } from '../../../docker/test/build-images.mjs';
import { startDocker, docker } from '../../../docker/test/daemon.mjs';
import { SERVICES } from '../../deployment/lib/services.mjs';
import { kubectl, up } from '../lib/cluster.mjs';
import { call, until } from '../lib/command.mjs';
import { ctr, importArchive } from '../lib/images.mjs';
import { NODE_ADDRESS, SERVICES as SERVICE_ADDRESSES, STATE } from '../lib/paths.mjs';
import { prepareInstallations } from './support/installation.mjs';
import { forwardServices } from './support/port-forward.mjs';

/** What an upgrade goes to: the same code under another tag, so that every pod is replaced. */
const NEXT = 'next';
const CALL_PAUSE_MS = 25;
/** One is enough to look for a mistake in. */
const ORGANISATIONS = Number(process.env.STELLA_E2E_ORGANISATIONS ?? 2);
let all = [];
let acme;
let globex;
let removeFolders;

before(async () => {
  const stop = await startDocker();
  const built = await buildImages(IMAGES);
  const next = built.map(({ tag }) => tag.replace(/:[^:]+$/, `:${NEXT}`));
  for (const [at, { tag }] of built.entries()) docker(['tag', tag, next[at]]);
  await up({ say: (text) => console.log(`# ${text}`) });
  const archive = join(STATE, 'images.tar');
  saveImages([...built.map(({ tag }) => tag), ...next], archive);
  importArchive(archive);
  await stop();
  // Services' addresses from the machine, as a load balancer would have them.
  call('ip', ['route', 'replace', SERVICE_ADDRESSES, 'via', NODE_ADDRESS]);
  const { installations, remove } = await prepareInstallations(ORGANISATIONS);
  all = installations;
  [acme, globex = acme] = installations;
  removeFolders = remove;
}, { timeout: 5_400_000 });

after(async () => {
  for (const installation of all) await installation.removeResources().catch((error) => console.error(error));
  removeFolders?.();
});

test('every organisation is installed', { timeout: 2_400_000 }, () => {
  for (const installation of all) {
    const began = Date.now();
    installation.makeSecrets();
    const notes = installation.install();
    console.log(`# ${installation.release}: installed in ${((Date.now() - began) / 1000).toFixed(0)} s`);
    assert.match(notes, /SANDBOX_UNAVAILABLE/);
    for (const service of SERVICES) assert.deepEqual(installation.pods(service).flatMap(({ status }) => status.containerStatuses.map(({ ready, restartCount }) => [ready, restartCount])), [[true, 0]], service);
  }
});

test('`helm test` decides about a release in small', { timeout: 900_000 }, () => {
  for (const installation of all) {
    const log = installation.test();
    for (const service of SERVICES) assert.match(log, new RegExp(`serving +${service}`));
    assert.match(log, /decided +verdicts\//);
  }
});

test('the main job, through forwarded ports: the fix may go out, the failure may not, and replays ran as Jobs', { timeout: 1_500_000 }, async () => {
  const { addresses, close } = await forwardServices(acme);
  try {
    acme.writeConnection(addresses);
    const incident = incidentById('esbuild-3205');
    const claims = incident.claims.flatMap((claim) => ['--claim', claim]);
    const began = Date.now();
    const { verdict } = await acme.stella('gate', '--baseline', incident.bad.name, '--candidate', incident.good.name, '--baseline-runs', '--bundle', 'answer.bundle.json', ...claims);
    console.log(`# the main job in the cluster: ${((Date.now() - began) / 1000).toFixed(1)} s`);
    assert.equal(verdict.outcome, 'OUTCOME_ALLOW');
    const jobs = JSON.parse(kubectl(['-n', `${acme.namespace}-replays`, 'get', 'jobs', '-o', 'json'])).items;
    assert.ok(jobs.some(({ status }) => status.succeeded === 1));
  } finally {
    close();
  }
});

/** Calls on every service, without a pause, from outside of the cluster. @returns what ends it and tells how it went */
function load(installation) {
  const addresses = Object.fromEntries(SERVICES.map((service) => [service, `${kubectl(['-n', installation.namespace, 'get', 'service', `${installation.fullname}-${service}`, '-o', 'jsonpath={.spec.clusterIP}'])}:7070`]));
  const { clientId, clientSecret } = installation.identity.clients.pipeline;
  const { issuer, audience } = installation.identity;
  const clients = Object.fromEntries(['gate', 'frvf', 'psdi'].map((service) => [service, createStellaClient({ address: addresses[service], tls: 'plaintext', credentials: { clientId, clientSecret, issuer, resource: audience } })]));
  const calls = { gate: () => clients.gate.gate.listPolicies({}), frvf: () => clients.frvf.frvf.listIncidents({ pageSize: 1, pageToken: '' }), psdi: () => clients.psdi.psdi.getArtifact({ name: `artifacts/${'0'.repeat(64)}` }).catch((error) => (error.reason === 'ARTIFACT_NOT_FOUND' ? undefined : Promise.reject(error))) };
  const told = { made: 0, failures: [] };
  let isOver = false;
  const loops = Object.entries(calls).map(async ([name, once]) => {
    while (!isOver) {
      await once().then(() => (told.made += 1), (error) => told.failures.push(`${name}: ${error.message}`));
      await sleep(CALL_PAUSE_MS);
    }
  });
  return async () => {
    isOver = true;
    await Promise.all(loops);
    for (const client of Object.values(clients)) client.close();
    return told;
  };
}

test('an upgrade replaces every pod, and no call fails', { timeout: 1_800_000 }, async () => {
  const before = SERVICES.flatMap((service) => acme.pods(service).map(({ metadata }) => metadata.uid));
  const end = load(acme);
  await sleep(2_000);
  await acme.upgrade({ 'global.image.tag': NEXT });
  await sleep(2_000);
  const { made, failures } = await end();
  const now = SERVICES.flatMap((service) => acme.pods(service).filter(({ metadata }) => metadata.deletionTimestamp === undefined).map(({ metadata }) => metadata.uid));
  console.log(`# an upgrade under load: ${made} calls, ${failures.length} failed`);
  assert.deepEqual(failures, []);
  assert.ok(made > 100);
  assert.ok(now.every((uid) => !before.includes(uid)));
});

test('a pod of each service is killed in turn, and all of them serve again', { timeout: 900_000 }, async () => {
  for (const service of SERVICES) {
    const [{ metadata }] = globex.pods(service);
    kubectl(['-n', globex.namespace, 'delete', 'pod', metadata.name, '--grace-period=0', '--force']);
  }
  const began = Date.now();
  for (const service of SERVICES) await until(`${service} again`, 300, () => globex.pods(service).some(({ status }) => status.containerStatuses?.[0]?.ready));
  console.log(`# all seven pods killed at once; every service ready again after ${((Date.now() - began) / 1000).toFixed(0)} s`);
  assert.match(globex.test(), /decided +verdicts\//);
});

test('an uninstall leaves nothing but what the operator made', { timeout: 900_000 }, async () => {
  for (const installation of all) {
    installation.uninstall();
    const left = () => {
      const names = kubectl(['-n', installation.namespace, 'get', 'all,configmap,secret,serviceaccount,role,rolebinding,networkpolicy,pdb,job,ingress', '-l', 'app.kubernetes.io/managed-by=Helm', '-o', 'name']).trim().split('\n').filter(Boolean);
      // Helm leaves what it tested with, for its logs.
      return names.filter((name) => !name.endsWith('-test'));
    };
    // Helm does not wait for pods that still drain.
    await until('the end of the last pod', 120, () => left().every((name) => !name.startsWith('pod/')));
    assert.deepEqual(left(), []);
    await until('the end of the replays\' namespace', 120, () => !kubectl(['get', 'namespaces', '-o', 'name']).includes(`namespace/${installation.namespace}-replays`));
  }
  assert.ok(ctr(['image', 'ls', '-q']).includes('stella-gate'));
});
