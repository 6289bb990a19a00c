import { cpSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { cached } from '../lib/cache.mjs';
import { shortDigest } from '../lib/digest.mjs';
import { java } from '../lib/java.mjs';
import { maven } from '../lib/maven.mjs';
import { runProgram } from '../lib/run-program.mjs';
import { makeDatabase, PASSWORD_FILE } from './first-start.mjs';
import { BUILD_OPTIONS } from './launch.mjs';

const POM = fileURLToPath(new URL('pom.xml', import.meta.url));

/**
 * Keycloak, built for fast starts, with a database that holds its schema, the master realm and its administrator: making
 * these takes longer than all the rest of a first start.
 * @returns {Promise<{ java: string, distribution: string, database: string, adminPassword: string }>}
 */
export async function installKeycloak() {
  const program = await java();
  const version = shortDigest(readFileSync(POM), ...BUILD_OPTIONS);
  const distribution = await cached(`keycloak-${version}`, (folder) => build(folder, program));
  const database = await cached(`keycloak-database-${version}`, (folder) => makeDatabase(folder, { java: program, distribution }));
  return { java: program, distribution, database, adminPassword: readFileSync(join(database, PASSWORD_FILE), 'utf8') };
}

async function build(folder, program) {
  const unpacked = join(folder, 'unpacked');
  await maven(POM, ['dependency:unpack-dependencies'], { outputDirectory: unpacked });
  const [archive] = readdirSync(unpacked).filter((name) => name.startsWith('keycloak-'));
  cpSync(join(unpacked, archive), folder, { recursive: true });
  rmSync(unpacked, { recursive: true });
  await runProgram('nice', ['-n', '10', 'sh', join(folder, 'bin', 'kc.sh'), 'build', ...BUILD_OPTIONS], { env: { JAVA: program } });
}
