import { readFile, rename, writeFile } from 'node:fs/promises';
import { createServer, type AddressInfo } from 'node:net';
import { join } from 'node:path';

export interface NodePorts {
  readonly grpcPort: number;
  readonly httpPort: number;
  readonly identityPort: number;
}

/** Free ports, chosen once for a node's folder: its peers find it again where they left it. */
export async function keepPorts(folder: string): Promise<NodePorts> {
  const path = join(folder, 'ports.json');
  const kept = await readFile(path, 'utf8').catch(() => undefined);
  if (kept !== undefined) return JSON.parse(kept) as NodePorts;
  const [grpcPort = 0, httpPort = 0, identityPort = 0] = await freePorts(3);
  const ports = { grpcPort, httpPort, identityPort };
  await writeFile(`${path}.${process.pid}`, JSON.stringify(ports));
  await rename(`${path}.${process.pid}`, path);
  return ports;
}

/** All are held until all are known, so that they differ. */
async function freePorts(count: number): Promise<number[]> {
  const servers = await Promise.all(
    Array.from({ length: count }, async () => {
      const server = createServer();
      await new Promise<void>((resolve, reject) => server.once('error', reject).listen(0, '127.0.0.1', resolve));
      return server;
    }),
  );
  const ports = servers.map((server) => (server.address() as AddressInfo).port);
  await Promise.all(servers.map((server) => new Promise((resolve) => server.close(resolve))));
  return ports;
}
