import { setTimeout as delay } from 'node:timers/promises';
import { PORT_TIMEOUT_MS } from '../limits.mjs';
import { freePort, isFree } from './ports.mjs';
import { ServerError } from './server-error.mjs';

const PORT_POLL_MS = 100;

/**
 * The ports of a server: those given by variables, else those that it had, else free ones.
 * @param {import('./server.mjs').Server} server @param {Readonly<Record<string, number>>} [before]
 */
export async function wantedPorts(server, before = {}) {
  const ports = {};
  for (const port of [...server.ports, ...(server.portsOfOthers ?? [])]) ports[port] = givenPort(variableOf(server, port)) ?? before[port] ?? (await freePort());
  return ports;
}

/** The same, of which none that it listens on is taken by anybody. */
export async function freePorts(server, before) {
  const ports = await wantedPorts(server, before);
  for (const name of server.ports) {
    const port = ports[name];
    if (await isFreeWithin(port, PORT_TIMEOUT_MS)) continue;
    const variable = variableOf(server, name);
    if (givenPort(variable) !== undefined) throw new ServerError(`${server.name}: port ${port} is taken`, `free it, or set ${variable} to another one`);
    ports[name] = await freePort();
  }
  return ports;
}

async function isFreeWithin(port, timeoutMs) {
  for (const deadline = Date.now() + timeoutMs; Date.now() < deadline; await delay(PORT_POLL_MS)) {
    if (await isFree(port)) return true;
  }
  return isFree(port);
}

function variableOf(server, port) {
  const suffix = port === server.ports[0] ? '' : `_${port.toUpperCase()}`;
  return `STELLA_E2E_${server.name.toUpperCase()}${suffix}_PORT`;
}

function givenPort(variable) {
  const value = process.env[variable];
  if (!value) return undefined;
  const port = Number(value);
  if (!Number.isInteger(port) || port < 1 || port > 65_535) throw new ServerError(`${variable}=${value} is no port`);
  return port;
}
