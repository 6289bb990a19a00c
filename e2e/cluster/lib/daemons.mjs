// The processes of the node, each started once, with a log of its own.
import { spawn } from 'node:child_process';
import { existsSync, mkdirSync, openSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { folderOf } from './go-build.mjs';
import { initPid, insideNode } from './node-namespace.mjs';
import { CONFIG, LOGS, NODE, NODE_ADDRESS, PODS, SERVICES, STATE } from './paths.mjs';
import { at } from './pki.mjs';

const ETCD = 'http://127.0.0.1:2379';
const kubeconfig = (name) => `--kubeconfig=${join(CONFIG, `${name}.kubeconfig`)}`;

const ARGUMENTS = {
  etcd: [`--data-dir=${STATE}/etcd`, '--unsafe-no-fsync', `--listen-client-urls=${ETCD}`, `--advertise-client-urls=${ETCD}`, '--listen-peer-urls=http://127.0.0.1:2380'],
  'kube-apiserver': [
    `--etcd-servers=${ETCD}`,
    `--bind-address=${NODE_ADDRESS}`,
    '--secure-port=6443',
    `--advertise-address=${NODE_ADDRESS}`,
    `--service-cluster-ip-range=${SERVICES}`,
    `--tls-cert-file=${at('apiserver.crt')}`,
    `--tls-private-key-file=${at('apiserver.key')}`,
    `--client-ca-file=${at('ca.crt')}`,
    `--token-auth-file=${at('tokens.csv')}`,
    '--authorization-mode=Node,RBAC',
    '--anonymous-auth=false',
    '--enable-admission-plugins=NodeRestriction',
    '--service-account-issuer=https://kubernetes.default.svc',
    `--service-account-key-file=${at('service-accounts.key')}`,
    `--service-account-signing-key-file=${at('service-accounts.key')}`,
    `--kubelet-client-certificate=${at('apiserver-kubelet-client.crt')}`,
    `--kubelet-client-key=${at('apiserver-kubelet-client.key')}`,
    '--kubelet-preferred-address-types=InternalIP',
    '--allow-privileged=true',
    '--profiling=false',
  ],
  'kube-controller-manager': [
    kubeconfig('controller-manager'),
    '--leader-elect=false',
    '--bind-address=127.0.0.1',
    '--use-service-account-credentials=true',
    `--service-account-private-key-file=${at('service-accounts.key')}`,
    `--root-ca-file=${at('ca.crt')}`,
    `--cluster-signing-cert-file=${at('ca.crt')}`,
    `--cluster-signing-key-file=${at('ca.key')}`,
    '--profiling=false',
  ],
  'kube-scheduler': [kubeconfig('scheduler'), '--leader-elect=false', '--bind-address=127.0.0.1', '--profiling=false'],
  kubelet: [`--config=${CONFIG}/kubelet.json`, kubeconfig('kubelet'), `--hostname-override=${NODE}`, `--node-ip=${NODE_ADDRESS}`, `--root-dir=${STATE}/kubelet`, `--cert-dir=${STATE}/kubelet/pki`],
  'kube-proxy': [
    kubeconfig('proxy'),
    `--hostname-override=${NODE}`,
    '--proxy-mode=iptables',
    `--cluster-cidr=${PODS}`,
    '--bind-address=127.0.0.1',
    '--metrics-bind-address=127.0.0.1:10249',
    // Both would need capabilities that root may lack.
    '--oom-score-adj=0',
    '--conntrack-max-per-core=0',
    '--conntrack-tcp-timeout-established=0s',
    '--conntrack-tcp-timeout-close-wait=0s',
  ],
};

export const DAEMONS = ['containerd', ...Object.keys(ARGUMENTS)];

export function startDaemon(name) {
  if (isRunning(name)) return;
  const [program, args] = name === 'containerd' ? ['containerd', ['--config', join(CONFIG, 'containerd.toml')]] : [join(folderOf('kubernetes'), 'kubernetes'), [name, ...ARGUMENTS[name]]];
  mkdirSync(LOGS, { recursive: true });
  const log = openSync(join(LOGS, `${name}.log`), 'a');
  // containerd finds its shims by PATH.
  const env = { PATH: `${folderOf('gvisor')}:/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin`, HOME: '/root' };
  const child = spawn(...insideNode(program, args), { detached: true, stdio: ['ignore', log, log], env });
  child.unref();
  writeFileSync(pidFile(name), `${child.pid} ${initPid()}`);
}

/** A pid counts only with the node that it was started in: pids come again. */
export function isRunning(name) {
  if (!existsSync(pidFile(name))) return false;
  const [pid, node] = readFileSync(pidFile(name), 'utf8').split(' ').map(Number);
  return node === initPid() && existsSync(`/proc/${pid}`);
}

function pidFile(name) {
  return join(STATE, `${name}.pid`);
}
