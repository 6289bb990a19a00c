import { oidc } from './keycloak/keycloak.mjs';
import { kafka } from './kafka/kafka.mjs';
import { postgres } from './postgres.mjs';
import { prometheus } from './prometheus.mjs';
import { s3 } from './s3.mjs';
import { toxiproxy } from './toxiproxy.mjs';
import { traces } from './traces.mjs';
import { ServerError } from './lib/server-error.mjs';

/** Every server there is. @type {readonly import('./lib/server.mjs').Server[]} */
export const SERVERS = [kafka, postgres, s3, oidc, prometheus, traces, toxiproxy];

export const NAMES = SERVERS.map(({ name }) => name);

/** All for none. @param {readonly string[]} names */
export function serversNamed(names) {
  const unknown = names.filter((name) => !NAMES.includes(name));
  if (unknown.length > 0) throw new ServerError(`there is no server ${unknown.join(', ')}; there are ${NAMES.join(', ')}`);
  return names.length === 0 ? SERVERS : SERVERS.filter(({ name }) => names.includes(name));
}
