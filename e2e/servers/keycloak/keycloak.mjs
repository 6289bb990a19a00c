import { cpSync, existsSync, mkdirSync, readFileSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { shortDigest } from '../lib/digest.mjs';
import { readIfPresent, writeWhole } from '../lib/files.mjs';
import { ADMIN, DATABASE_FOLDER } from './first-start.mjs';
import { installKeycloak } from './installation.mjs';
import { check, homeIn, launchOf, urlOf } from './launch.mjs';
import { AS_SHIPPED, testOrganisations } from './organisations.mjs';
import { testRealm } from './overlay.mjs';

const REALM_FILE = fileURLToPath(new URL('../../../deploy/keycloak/stella-realm.json', import.meta.url));
const AUDIENCE = 'urn:stella:api';

/** Keycloak with a realm for each test organisation. @type {import('../lib/server.mjs').Server} */
export const oidc = {
  name: 'oidc',
  ports: ['server', 'management'],

  install: installKeycloak,

  async plan({ folder, ports, installation }) {
    const realmFile = readFileSync(REALM_FILE, 'utf8');
    const organisations = testOrganisations(confidentialClients(realmFile));
    const url = urlOf(ports);
    const addresses = organisations.map((each) => ({ issuer: `${url}/realms/${each.realm}`, audience: AUDIENCE, ...each }));
    const realms = organisations.map((each) => [fileOf(each), `${JSON.stringify(testRealm(realmFile, each), null, 2)}\n`]);
    return {
      launch: launchOf({ folder, ports, installation, env: AS_SHIPPED.variables }),
      files: Object.fromEntries([...realms, [fileOf(AS_SHIPPED), realmFile]]),
      address: { url, management: `http://127.0.0.1:${ports.management}`, adminUser: ADMIN, adminPassword: installation.adminPassword, ...addresses[0], organisations: addresses },
    };
  },

  /** A realm that is there is not imported again: changed ones need a new database. */
  async prepare({ folder, installation }) {
    const data = join(homeIn(folder, installation), 'data');
    const realms = [...testOrganisations([]), AS_SHIPPED].map((each) => readFileSync(join(folder, fileOf(each))));
    const digest = shortDigest(installation.database, installation.adminPassword, JSON.stringify(AS_SHIPPED), ...realms);
    if (existsSync(data) && readIfPresent(join(data, 'made-from')) === digest) return;
    rmSync(data, { recursive: true, force: true });
    mkdirSync(data, { recursive: true });
    cpSync(join(folder, 'import'), join(data, 'import'), { recursive: true });
    cpSync(join(installation.database, DATABASE_FOLDER), join(data, 'h2'), { recursive: true });
    writeWhole(join(data, 'made-from'), digest);
  },

  async check({ url, management, organisations }) {
    await check({ ports: { server: new URL(url).port, management: new URL(management).port }, realms: [...organisations, AS_SHIPPED].map(({ realm }) => realm) });
  },
};

/** Keycloak imports what is named so. */
function fileOf({ realm }) {
  return `import/${realm}-realm.json`;
}

function confidentialClients(realmFile) {
  return JSON.parse(realmFile).clients.filter(({ publicClient, bearerOnly }) => !publicClient && !bearerOnly).map(({ clientId }) => clientId);
}
