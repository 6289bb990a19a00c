// Where things of the cluster lie, and its addresses. One cluster a machine: the addresses and the node's cgroup are fixed.
import { homedir } from 'node:os';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

export const SOURCE = dirname(dirname(fileURLToPath(import.meta.url)));
export const REPOSITORY = dirname(dirname(SOURCE));
/** What was built from pinned versions: safe to keep, safe to delete. */
export const CACHE = join(process.env.XDG_CACHE_HOME ?? join(homedir(), '.cache'), 'stella', 'cluster');
/** What one run of the cluster leaves: keys, etcd's data, images, logs. */
export const STATE = process.env.STELLA_E2E_CLUSTER ?? '/var/lib/stella-e2e-cluster';
export const LOGS = join(STATE, 'log');
export const CONFIG = join(STATE, 'config');
export const PKI = join(STATE, 'pki');
export const KUBECONFIG = join(CONFIG, 'admin.kubeconfig');
export const CONTAINERD_SOCKET = join(STATE, 'containerd', 'containerd.sock');

export const NODE = 'node1';
/** The two ends of the only way in: a veth pair between the machine and the node. */
export const MACHINE_ADDRESS = '10.88.0.1';
export const NODE_ADDRESS = '10.88.0.2';
export const API_SERVER = `https://${NODE_ADDRESS}:6443`;
export const PODS = '10.244.0.0/24';
/** Pods that reach one address of the machine and nothing else. */
export const REPLAY_PODS = '10.246.0.0/24';
export const REPLAY_GATEWAY = '10.246.0.1';
export const ISOLATED_PODS = '10.245.0.0/24';
export const SERVICES = '10.96.0.0/16';
export const API_SERVICE_ADDRESS = '10.96.0.1';
export const DNS_ADDRESS = '10.96.0.10';
/** Of the machine's loopback that pods see as their own (`lib/forwarder.mjs`): where `e2e/servers` finds its ports. */
export const FORWARDED_PORTS = '20000:32767';
