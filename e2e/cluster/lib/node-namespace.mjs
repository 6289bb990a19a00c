// The node: pid, mount, net and uts namespaces whose process 1 ends everything when it ends.
import { spawn } from 'node:child_process';
import { existsSync, mkdirSync, openSync, readFileSync, readlinkSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { call, succeeds, until } from './command.mjs';
import { folderOf } from './go-build.mjs';
import { LOGS, MACHINE_ADDRESS, NODE, NODE_ADDRESS, PODS, REPLAY_PODS, STATE } from './paths.mjs';

const PID_FILE = join(STATE, 'init.pid');
const INTERFACE = 'stella-e2e0';
const INIT = () => join(folderOf('init'), 'init');
/** Paths that containerd, libcni and the kubelet have built in: the node gets its own. */
const OWN_FOLDERS = ['/run/containerd', '/var/log/containers', '/var/lib/cni', '/var/lib/kubelet'];

/** The pid of the node's process 1; undefined when it does not run. */
export function initPid() {
  if (!existsSync(PID_FILE)) return undefined;
  const pid = Number(readFileSync(PID_FILE, 'utf8'));
  return isInit(pid) ? pid : undefined;
}

/** Any version's: a node that an earlier checkout started is ended too. */
function isInit(pid) {
  try {
    return /\/stella\/cluster\/init-[0-9a-f]+\/init$/.test(readlinkSync(`/proc/${pid}/exe`));
  } catch {
    return false;
  }
}

export async function startNode() {
  if (initPid() !== undefined) return;
  mkdirSync(LOGS, { recursive: true });
  const log = openSync(join(LOGS, 'init.log'), 'a');
  const folders = OWN_FOLDERS.map((folder) => `mkdir -p ${folder} && mount -t tmpfs -o mode=755 tmpfs ${folder}`).join('\n');
  const script = `set -e\nmount --make-rshared /\nhostname ${NODE}\n${folders}\nip link set lo up\nexec ${INIT()}`;
  // Mounts of the machine don't change with the node's; inside, kubelet and containerd expect shared propagation.
  const flags = ['--fork', '--pid', '--mount-proc', '--net', '--uts', '--propagation', 'private'];
  const outer = spawn('unshare', [...flags, 'bash', '-c', script], { detached: true, stdio: ['ignore', log, log] });
  outer.unref();
  const pid = await until('namespaces of the node', 15, () => {
    if (outer.exitCode !== null) throw new Error(readFileSync(join(LOGS, 'init.log'), 'utf8').slice(-500));
    const child = Number(readFileSync(`/proc/${outer.pid}/task/${outer.pid}/children`, 'utf8').trim());
    return child && isInit(child) && child;
  });
  writeFileSync(PID_FILE, String(pid));
  wire(pid);
}

/** Arguments that run a command inside of the node. */
export function insideNode(command, args) {
  const pid = initPid();
  if (pid === undefined) throw new Error('the cluster does not run');
  // Not `ip netns exec`: it would hide the cgroup hierarchies.
  return ['nsenter', ['-t', String(pid), '-m', '-n', '-p', '-u', command, ...args]];
}

export function callInside(command, args, options) {
  return call(...insideNode(command, args), options);
}

/** The only way in and out is a veth pair; pods reach nothing of the machine but its end of it. */
function wire(pid) {
  if (succeeds('ip', ['link', 'show', INTERFACE])) call('ip', ['link', 'del', INTERFACE]);
  call('ip', ['link', 'add', INTERFACE, 'type', 'veth', 'peer', 'name', 'eth0', 'netns', String(pid)]);
  call('ip', ['addr', 'add', `${MACHINE_ADDRESS}/30`, 'dev', INTERFACE]);
  call('ip', ['link', 'set', INTERFACE, 'up']);
  const rules = [
    // What is not the machine's end goes nowhere, and what comes from pods comes from the node.
    `-A FORWARD -o eth0 ! -d ${MACHINE_ADDRESS} -j REJECT`,
    ...[PODS, REPLAY_PODS].map((pods) => `-t nat -A POSTROUTING -s ${pods} -d ${MACHINE_ADDRESS} -j MASQUERADE`),
    // Pods of replays do not speak to the node itself.
    '-A INPUT -i rep0 -j REJECT',
  ];
  callInside('bash', ['-ec', [
    `ip addr add ${NODE_ADDRESS}/30 dev eth0`,
    'ip link set eth0 up',
    // So that addresses of services have a route before they are translated.
    `ip route add default via ${MACHINE_ADDRESS}`,
    'sysctl -qw net.ipv4.ip_forward=1',
    'sysctl -qw net.bridge.bridge-nf-call-iptables=1 || true',
    ...rules.map((rule) => `iptables ${rule}`),
  ].join('\n')]);
}

/** Ends process 1, and with it every process, mount, bridge and rule of the node. */
export async function stopNode() {
  const pid = initPid();
  if (pid !== undefined) {
    process.kill(pid, 'SIGKILL');
    await until('the end of the node', 30, () => !existsSync(`/proc/${pid}`));
  }
  if (succeeds('ip', ['link', 'show', INTERFACE])) call('ip', ['link', 'del', INTERFACE]);
  rmSync(PID_FILE, { force: true });
  // The kubelet's groups outlive it; only empty ones can be removed.
  succeeds('sh', ['-c', 'for group in /sys/fs/cgroup/*/kubepods /sys/fs/cgroup/kubepods; do [ -d $group ] && find $group -depth -type d -exec rmdir {} + 2>/dev/null; done']);
}
