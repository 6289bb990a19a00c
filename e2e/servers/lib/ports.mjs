import { randomInt } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { ServerError } from './server-error.mjs';

const SPAN = 12_000;
const TRIES_MAX = 200;
const EPHEMERAL_LOW_DEFAULT = 32_768;

/**
 * A port that is free on loopback, below those that the kernel gives to outgoing connections: a client that dials a
 * stopped server over and over could else be given the server's own port, and hold it.
 */
export async function freePort() {
  const high = ephemeralLow();
  for (let tries = 0; tries < TRIES_MAX; tries++) {
    const port = randomInt(high - SPAN, high);
    if (await isFree(port)) return port;
  }
  throw new ServerError(`${TRIES_MAX} ports below ${high} were tried and none is free`);
}

/** @param {number} port */
export function isFree(port) {
  return new Promise((resolve) => {
    const server = createServer();
    server.once('error', () => resolve(false));
    server.listen(port, '127.0.0.1', () => server.close(() => resolve(true)));
  });
}

function ephemeralLow() {
  try {
    return Number(readFileSync('/proc/sys/net/ipv4/ip_local_port_range', 'utf8').split(/\s/)[0]);
  } catch {
    return EPHEMERAL_LOW_DEFAULT;
  }
}
