// A real Kubernetes of one node: up, down, status. All of it is safe to repeat.
import { mkdirSync, readFileSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { call, callAsync, succeeds, until } from './command.mjs';
import { DAEMONS, isRunning, startDaemon } from './daemons.mjs';
import { ensureDebianPackages } from './debian.mjs';
import { stopForwarding } from './forward.mjs';
import { ensureBuilt, folderOf, isBuilt } from './go-build.mjs';
import { GO_BUILDS } from './go-builds.mjs';
import { importOwnImages, ctr } from './images.mjs';
import { HANDLERS, RUNTIME_CLASSES, writeNodeConfig } from './node-config.mjs';
import { initPid, startNode, stopNode } from './node-namespace.mjs';
import { ensurePki } from './pki.mjs';
import { KUBECONFIG, NODE, SOURCE, STATE } from './paths.mjs';

const REQUIRED = Object.keys(GO_BUILDS).filter((name) => !GO_BUILDS[name].isOptional);

/** Builds what is missing; gVisor only when asked for. */
export async function build({ say = () => undefined, withGvisor = false } = {}) {
  ensureDebianPackages();
  for (const name of withGvisor ? Object.keys(GO_BUILDS) : REQUIRED) {
    const seconds = await ensureBuilt(name);
    say(seconds === 0 ? `${name}: built before` : `${name}: built in ${seconds} s`);
  }
}

/** gVisor is there where it was built before. @returns the path of the administrator's kubeconfig */
export async function up({ say = () => undefined } = {}) {
  if (process.getuid() !== 0) throw new Error('the cluster needs root: it makes namespaces, bridges and rules of its own');
  await build({ say });
  mkdirSync(STATE, { recursive: true, mode: 0o711 });
  ensurePki();
  writeNodeConfig();
  await startNode();
  say(`namespaces (process 1 is ${initPid()})`);
  startDaemon('containerd');
  startDaemon('etcd');
  startDaemon('kube-apiserver');
  await until('containerd', 30, () => ctr(['version']));
  await until('the API server', 120, () => kubectl(['get', '--raw', '/readyz']));
  say('API server ready');
  for (const name of DAEMONS) startDaemon(name);
  importOwnImages();
  say('images imported');
  await until('the node', 120, () => kubectl(['wait', '--for=condition=Ready', `node/${NODE}`, '--timeout=60s']));
  say('node ready');
  apply(runtimeClasses());
  apply(readFileSync(join(SOURCE, 'manifests', 'coredns.yaml'), 'utf8'));
  await until('CoreDNS', 90, () => kubectl(['-n', 'kube-system', 'rollout', 'status', 'deployment/coredns', '--timeout=60s']));
  await until('the default service account', 60, () => kubectl(['get', 'serviceaccount', 'default']));
  say('up');
  return KUBECONFIG;
}

/** Ends the cluster; its keys, objects and images stay unless they are to be wiped. */
export async function down({ wipe = false } = {}) {
  await stopForwarding();
  await stopNode();
  if (wipe) rmSync(STATE, { recursive: true, force: true });
}

export function status() {
  const isUp = initPid() !== undefined && succeeds(join(folderOf('kubernetes'), 'kubectl'), ['--kubeconfig', KUBECONFIG, 'get', '--raw', '/readyz']);
  return { isUp, initPid: initPid(), kubeconfig: KUBECONFIG, daemons: Object.fromEntries(DAEMONS.map((name) => [name, isRunning(name)])) };
}

export function kubectl(args, options) {
  return call(join(folderOf('kubernetes'), 'kubectl'), ['--kubeconfig', KUBECONFIG, ...args], options);
}

export function helm(args, options = {}) {
  return call(join(folderOf('helm'), 'helm'), args, { env: helmEnvironment(), ...options });
}

export function helmAsync(args) {
  return callAsync(join(folderOf('helm'), 'helm'), args, { env: helmEnvironment() });
}

function helmEnvironment() {
  const home = join(STATE, 'helm');
  return { ...process.env, KUBECONFIG, HELM_CACHE_HOME: home, HELM_CONFIG_HOME: home, HELM_DATA_HOME: home };
}

/** Applies manifests: YAML text, or objects. */
export function apply(manifests) {
  const input = typeof manifests === 'string' ? manifests : JSON.stringify({ apiVersion: 'v1', kind: 'List', items: [manifests].flat() });
  return kubectl(['apply', '-f', '-'], { input });
}

export function hasGvisor() {
  return isBuilt('gvisor');
}

function runtimeClasses() {
  return Object.entries(RUNTIME_CLASSES)
    .filter(([, handler]) => HANDLERS[handler].needs === undefined || isBuilt(HANDLERS[handler].needs))
    .map(([name, handler]) => ({ apiVersion: 'node.k8s.io/v1', kind: 'RuntimeClass', metadata: { name }, handler }));
}
