// Two peered nodes of the embedded system as a process of their own; tells its parent how to reach the first, and ends
// with it. argv: the folder that they keep everything in.
import { StellaNetwork } from '@stella/stella';

const startedMs = performance.now();
const network = await StellaNetwork.create({ nodes: 2, folder: process.argv[2], logLevel: 'info' });
process.send({ connection: network.nodes[0].connection, readyMs: performance.now() - startedMs });
process.once('disconnect', () => void stop());

async function stop() {
  await network.stop();
  process.exit(0);
}
