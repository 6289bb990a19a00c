import { randomBytes } from 'node:crypto';
import { cpSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { writeWhole } from '../lib/files.mjs';
import { problemAfter } from '../lib/health.mjs';
import { lastLines } from '../lib/log-file.mjs';
import { freePort } from '../lib/ports.mjs';
import { ServerError } from '../lib/server-error.mjs';
import { startDetached, stopProcess } from '../lib/server-process.mjs';
import { START_TIMEOUT_MS } from '../limits.mjs';
import { check, homeIn, launchOf } from './launch.mjs';

export const ADMIN = 'admin';
export const PASSWORD_FILE = 'admin-password';
export const DATABASE_FOLDER = 'h2';

/**
 * Starts Keycloak once with nothing and keeps what it made: its database and the administrator's password.
 * @param {string} into a folder @param {{ java: string, distribution: string }} installation
 */
export async function makeDatabase(into, installation) {
  const folder = mkdtempSync(join(tmpdir(), 'stella-keycloak-'));
  const log = join(folder, 'log');
  const ports = { server: await freePort(), management: await freePort() };
  const password = randomBytes(18).toString('base64url');
  writeWhole(join(into, PASSWORD_FILE), password);
  const home = homeIn(folder, installation);
  const env = { KC_BOOTSTRAP_ADMIN_USERNAME: ADMIN, KC_BOOTSTRAP_ADMIN_PASSWORD: password };
  const identity = await startDetached(launchOf({ folder, ports, installation, env }), log);
  const server = { check: () => check({ ports, realms: ['master'] }) };
  const problem = await problemAfter(server, { process: identity }, START_TIMEOUT_MS);
  await stopProcess(identity);
  if (problem !== undefined) throw new ServerError(`Keycloak's first start: ${problem}; the end of ${log}:\n${lastLines(log).join('\n')}`);
  cpSync(join(home, 'data', 'h2'), join(into, DATABASE_FOLDER), { recursive: true });
  rmSync(folder, { recursive: true });
}
