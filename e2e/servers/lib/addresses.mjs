import { join } from 'node:path';
import { writeWhole } from './files.mjs';
import { serversFolder } from './folder.mjs';
import { withLock } from './lock.mjs';
import { isRunning } from './process-identity.mjs';
import { readRecord } from './record.mjs';

export function addressesPath() {
  return join(serversFolder(), 'servers.json');
}

/** Writes the addresses of what runs of `names`. @param {readonly string[]} names of all servers there are */
export async function writeAddresses(names) {
  await withLock(addressesPath(), async () => {
    const running = names.map((name) => [name, readRecord(name)]).filter(([, record]) => isRunning(record?.process));
    const addresses = Object.fromEntries(running.map(([name, record]) => [name, record.address]));
    writeWhole(addressesPath(), `${JSON.stringify(addresses, null, 2)}\n`);
  });
}
