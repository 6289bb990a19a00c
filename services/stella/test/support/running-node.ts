import { createLogger } from '@stella/platform-telemetry';
import type { NodePorts } from '../../src/keep-ports.js';
import { StellaNode } from '../../src/node.js';

/** A node in a process of its own, to be killed; SIGTERM ends it well. Says how it is reached, in one line, when it is ready. */
const [, , folder = '', ports = ''] = process.argv;
const node = await StellaNode.start({
  folder,
  organisation: 'killed.test',
  logger: createLogger({ name: 'killed', level: 'silent' }),
  ...(JSON.parse(ports) as NodePorts),
});
process.once('SIGTERM', () => void node.stop());
process.stdout.write(`${JSON.stringify(node.connection)}\n`);
