// Keys, certificates and kubeconfigs of one cluster, made once.
import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { randomBytes } from 'node:crypto';
import { join } from 'node:path';
import { call } from './command.mjs';
import { API_SERVER, API_SERVICE_ADDRESS, CONFIG, NODE, NODE_ADDRESS, PKI } from './paths.mjs';

const DAYS = '3650';
const NAMES = ['localhost', NODE, 'kubernetes', 'kubernetes.default', 'kubernetes.default.svc', 'kubernetes.default.svc.cluster.local'];
const ADDRESSES = ['127.0.0.1', NODE_ADDRESS, API_SERVICE_ADDRESS];
/** Name of the kubeconfig, user, group. */
const ACCOUNTS = [
  ['admin', 'admin', 'system:masters'],
  ['controller-manager', 'system:kube-controller-manager', ''],
  ['scheduler', 'system:kube-scheduler', ''],
  ['proxy', 'system:kube-proxy', ''],
  ['kubelet', `system:node:${NODE}`, 'system:nodes'],
];

export const at = (name) => join(PKI, name);

export function ensurePki() {
  if (existsSync(at('made'))) return;
  for (const folder of [PKI, CONFIG]) mkdirSync(folder, { recursive: true, mode: 0o700 });
  key('ca');
  call('openssl', ['req', '-x509', '-new', '-key', at('ca.key'), '-days', DAYS, '-subj', '/CN=kubernetes-ca', '-out', at('ca.crt')]);
  const names = [...ADDRESSES.map((address) => `IP:${address}`), ...NAMES.map((name) => `DNS:${name}`)].join(',');
  certificate('apiserver', '/CN=kube-apiserver', `extendedKeyUsage=serverAuth\nsubjectAltName=${names}\n`);
  certificate('apiserver-kubelet-client', '/O=system:masters/CN=kube-apiserver-kubelet-client', 'extendedKeyUsage=clientAuth\n');
  key('service-accounts');
  writeFileSync(at('tokens.csv'), ACCOUNTS.map(account).join(''), { mode: 0o600 });
  writeFileSync(at('made'), '');
}

function key(name) {
  call('openssl', ['ecparam', '-name', 'prime256v1', '-genkey', '-noout', '-out', at(`${name}.key`)]);
}

function certificate(name, subject, extensions) {
  key(name);
  writeFileSync(at(`${name}.ext`), extensions);
  call('openssl', ['req', '-new', '-key', at(`${name}.key`), '-subj', subject, '-out', at(`${name}.csr`)]);
  const ca = ['-CA', at('ca.crt'), '-CAkey', at('ca.key'), '-CAcreateserial'];
  call('openssl', ['x509', '-req', '-in', at(`${name}.csr`), ...ca, '-days', DAYS, '-out', at(`${name}.crt`), '-extfile', at(`${name}.ext`)]);
}

/** A static token and the kubeconfig that bears it. @returns the token's line for the API server */
function account([name, user, group]) {
  const token = randomBytes(24).toString('hex');
  const config = {
    apiVersion: 'v1',
    kind: 'Config',
    clusters: [{ name: 'e2e', cluster: { server: API_SERVER, 'certificate-authority-data': readFileSync(at('ca.crt')).toString('base64') } }],
    users: [{ name, user: { token } }],
    contexts: [{ name: 'e2e', context: { cluster: 'e2e', user: name } }],
    'current-context': 'e2e',
  };
  writeFileSync(join(CONFIG, `${name}.kubeconfig`), JSON.stringify(config, null, 2), { mode: 0o600 });
  return `${token},${user},${user},"${group}"\n`;
}
