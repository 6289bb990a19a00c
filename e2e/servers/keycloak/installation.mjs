import { cpSync, mkdirSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { START_TIMEOUT_MS } from '../limits.mjs';
import { cached } from '../lib/cache.mjs';
import { shortDigest } from '../lib/digest.mjs';
import { problemAfter } from '../lib/health.mjs';
import { java } from '../lib/java.mjs';
import { lastLines } from '../lib/log-file.mjs';
import { maven } from '../lib/maven.mjs';
import { freePort } from '../lib/ports.mjs';
import { runProgram } from '../lib/run-program.mjs';
import { ServerError } from '../lib/server-error.mjs';
import { startDetached, stopProcess } from '../lib/server-process.mjs';
import { BUILD_OPTIONS, check, homeIn, launchOf } from './launch.mjs';

const POM = fileURLToPath(new URL('pom.xml', import.meta.url));
const LAUNCH = fileURLToPath(new URL('launch.mjs', import.meta.url));

/**
 * Keycloak, built for fast starts, with a database that holds its schema and the master realm: making these takes longer
 * than all the rest of a first start.
 * @returns {Promise<{ java: string, distribution: string, database: string }>}
 */
export async function installKeycloak() {
  const paths = { java: await java() };
  const key = `keycloak-${shortDigest(readFileSync(POM), readFileSync(LAUNCH))}`;
  const folder = await cached(key, async (unfinished) => {
    const unpacked = join(unfinished, 'unpacked');
    await maven(POM, ['dependency:unpack-dependencies'], { outputDirectory: unpacked });
    const distribution = join(unfinished, 'distribution');
    cpSync(join(unpacked, readdirSync(unpacked).find((name) => name.startsWith('keycloak-'))), distribution, { recursive: true });
    rmSync(unpacked, { recursive: true });
    await runProgram('nice', ['-n', '10', 'sh', join(distribution, 'bin', 'kc.sh'), 'build', ...BUILD_OPTIONS], { env: { JAVA: paths.java } });
    await makeDatabase({ ...paths, distribution }, unfinished);
  });
  return { ...paths, distribution: join(folder, 'distribution'), database: join(folder, 'database') };
}

async function makeDatabase(installation, unfinished) {
  const folder = join(unfinished, 'first-start');
  const log = join(unfinished, 'first-start.log');
  mkdirSync(folder);
  const ports = { server: await freePort(), management: await freePort() };
  const home = homeIn(folder, installation);
  const identity = await startDetached(launchOf({ folder, ports, installation, env: {} }), log);
  const server = { check: () => check({ ports, realms: ['master'] }) };
  const problem = await problemAfter(server, { process: identity }, START_TIMEOUT_MS);
  await stopProcess(identity);
  if (problem !== undefined) throw new ServerError(`Keycloak's first start: ${problem}\n${lastLines(log).join('\n')}`);
  cpSync(join(home, 'data', 'h2'), join(unfinished, 'database'), { recursive: true });
  rmSync(folder, { recursive: true });
}
