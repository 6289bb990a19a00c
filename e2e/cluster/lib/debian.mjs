// What the node takes from Debian: the container runtime and the tools of its network.
import { call, succeeds } from './command.mjs';

const PACKAGES = {
  containerd: 'containerd',
  runc: 'runc',
  iptables: 'iptables',
  conntrack: 'conntrack',
  ip: 'iproute2',
  openssl: 'openssl',
  busybox: 'busybox-static',
  nsenter: 'util-linux',
  sysctl: 'procps',
};

/** Installs what is missing. @throws Error where it cannot */
export function ensureDebianPackages(packages = PACKAGES) {
  const missing = Object.entries(packages).filter(([tool]) => !succeeds('sh', ['-c', `PATH=$PATH:/usr/sbin:/sbin command -v ${tool} || test -e ${tool}`]));
  if (missing.length === 0) return;
  const names = [...new Set(missing.map(([, name]) => name))];
  const env = { ...process.env, DEBIAN_FRONTEND: 'noninteractive' };
  call('apt-get', ['update', '-qq'], { env });
  call('apt-get', ['install', '-y', '-qq', '--no-install-recommends', ...names], { env });
}
