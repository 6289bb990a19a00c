// Configuration files of containerd, its network plugins, gVisor and the kubelet.
import { copyFileSync, mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { folderOf } from './go-build.mjs';
import { CONFIG, CONTAINERD_SOCKET, DNS_ADDRESS, FORWARDED_PORTS, ISOLATED_PODS, LOGS, MACHINE_ADDRESS, PKI, PODS, REPLAY_GATEWAY, REPLAY_PODS, REPOSITORY, STATE } from './paths.mjs';

export const PAUSE_IMAGE = 'localhost/pause:1';
const CRI = 'plugins."io.containerd.grpc.v1.cri"';
const MACHINE_LOOPBACK = { type: 'machine-loopback', machine: MACHINE_ADDRESS, ports: FORWARDED_PORTS };
const SECCOMP_PROFILES = join(REPOSITORY, 'charts', 'stella', 'files', 'seccomp');

/**
 * Runtime handlers by name. No component here enforces NetworkPolicy, so that isolation is a matter of the network that
 * a handler gives its pods: `isolated` has one without gateway or route, whose ports do not see each other; `replay` has
 * a route to one address of the machine, where blobs are.
 */
export const HANDLERS = {
  runc: { type: 'io.containerd.runc.v2' },
  isolated: { type: 'io.containerd.runc.v2', network: 'isolated' },
  replay: { type: 'io.containerd.runc.v2', network: 'replay' },
  runsc: { type: 'io.containerd.runsc.v1', runsc: 'runsc', needs: 'gvisor' },
  'runsc-isolated': { type: 'io.containerd.runsc.v1', network: 'isolated', runsc: 'runsc-isolated', needs: 'gvisor' },
  'runsc-replay': { type: 'io.containerd.runsc.v1', network: 'replay', runsc: 'runsc', needs: 'gvisor' },
};
/** What pods name, and its handler. */
export const RUNTIME_CLASSES = { isolated: 'isolated', replay: 'replay', gvisor: 'runsc', 'gvisor-isolated': 'runsc-isolated', 'gvisor-replay': 'runsc-replay' };

export function writeNodeConfig() {
  write('containerd.toml', containerd());
  write('runsc.toml', '[runsc_config]\n  platform = "systrap"\n');
  write('runsc-isolated.toml', '[runsc_config]\n  platform = "systrap"\n  network = "none"\n');
  write('cni-pods/10-pods.conflist', network('pods', [bridge('cni0', PODS, { isGateway: true, hairpinMode: true }, [{ dst: '0.0.0.0/0' }]), { type: 'portmap', capabilities: { portMappings: true } }, MACHINE_LOOPBACK]));
  write('cni-isolated/10-isolated.conflist', network('isolated', [bridge('iso0', ISOLATED_PODS, { isGateway: false, portIsolation: true })]));
  write('cni-replay/10-replay.conflist', network('replay', [bridge('rep0', REPLAY_PODS, { isGateway: true, portIsolation: true }, [{ dst: `${MACHINE_ADDRESS}/32`, gw: REPLAY_GATEWAY }]), MACHINE_LOOPBACK]));
  write('resolv.conf', `nameserver ${DNS_ADDRESS}\n`);
  write('kubelet.json', JSON.stringify(kubelet(), null, 2));
  const profiles = join(STATE, 'kubelet', 'seccomp', 'stella');
  mkdirSync(profiles, { recursive: true });
  copyFileSync(join(SECCOMP_PROFILES, 'capsule.json'), join(profiles, 'capsule.json'));
}

function containerd() {
  const handlers = Object.entries(HANDLERS).flatMap(([name, { type, network: pods, runsc }]) => {
    const table = `${CRI}.containerd.runtimes.${name}`;
    return [
      `[${table}]`,
      `  runtime_type = "${type}"`,
      ...(pods ? [`  cni_conf_dir = "${CONFIG}/cni-${pods}"`] : []),
      ...(runsc ? [`[${table}.options]`, '  TypeUrl = "io.containerd.runsc.v1.options"', `  ConfigPath = "${CONFIG}/${runsc}.toml"`] : []),
    ];
  });
  return [
    'version = 2',
    `root = "${STATE}/containerd/root"`,
    `state = "${STATE}/containerd/state"`,
    `disabled_plugins = [${['snapshotter.v1.btrfs', 'snapshotter.v1.zfs', 'snapshotter.v1.devmapper', 'snapshotter.v1.aufs', 'internal.v1.opt'].map((name) => `"io.containerd.${name}"`).join(', ')}]`,
    '[grpc]',
    `  address = "${CONTAINERD_SOCKET}"`,
    `[${CRI}]`,
    `  sandbox_image = "${PAUSE_IMAGE}"`,
    '  netns_mounts_under_state_dir = true',
    // A root without CAP_SYS_RESOURCE can't lower it.
    '  restrict_oom_score_adj = true',
    `[${CRI}.cni]`,
    `  bin_dir = "${folderOf('cni')}"`,
    `  conf_dir = "${CONFIG}/cni-pods"`,
    `[${CRI}.containerd]`,
    '  default_runtime_name = "runc"',
    ...handlers,
    '',
  ].join('\n');
}

function bridge(name, subnet, options, routes) {
  return { type: 'bridge', bridge: name, ipMasq: false, ...options, ipam: { type: 'host-local', ranges: [[{ subnet }]], ...(routes && { routes }), dataDir: `/var/lib/cni/${name}` } };
}

function network(name, plugins) {
  return JSON.stringify({ cniVersion: '1.0.0', name, plugins }, null, 2);
}

function kubelet() {
  return {
    apiVersion: 'kubelet.config.k8s.io/v1beta1',
    kind: 'KubeletConfiguration',
    containerRuntimeEndpoint: `unix://${CONTAINERD_SOCKET}`,
    cgroupDriver: 'cgroupfs',
    // From 1.35 on the kubelet refuses hierarchies of version 1 by default; the machine may have no others.
    failCgroupV1: false,
    authentication: { anonymous: { enabled: false }, x509: { clientCAFile: join(PKI, 'ca.crt') }, webhook: { enabled: true } },
    authorization: { mode: 'Webhook' },
    clusterDNS: [DNS_ADDRESS],
    clusterDomain: 'cluster.local',
    resolvConf: join(CONFIG, 'resolv.conf'),
    podLogsDir: join(LOGS, 'pods'),
    seccompDefault: true,
    podPidsLimit: 512,
    failSwapOn: false,
    oomScoreAdj: 0,
    // Images are never collected: there is no registry to get them back from.
    imageGCHighThresholdPercent: 100,
    evictionHard: { 'memory.available': '100Mi', 'nodefs.available': '1%', 'imagefs.available': '1%', 'nodefs.inodesFree': '1%' },
    shutdownGracePeriod: '0s',
    syncFrequency: '10s',
  };
}

function write(name, text) {
  const path = join(CONFIG, name);
  mkdirSync(join(path, '..'), { recursive: true });
  writeFileSync(path, text);
}
