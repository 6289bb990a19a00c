import { join } from 'node:path';
import { type CliIo, defaultDataFolder, writeConnection } from '@stella/cli';
import { loadConfig, port } from '@stella/platform-config';
import { createLogger } from '@stella/platform-telemetry';
import { z } from 'zod';
import { StellaNode } from './node.js';

const SCHEMA = z.object({
  organisation: z.string().default('stella.test'),
  grpcPort: port().default(7070),
  httpPort: port().default(7071),
  identityPort: port().default(7072),
  logLevel: z.enum(['error', 'warn', 'info', 'debug']).default('info'),
  logFormat: z.enum(['json', 'pretty']).default('pretty'),
  pullIntervalMs: z.coerce.number().int().min(0).default(5_000),
});

/** Read by the command line itself. */
const ALSO_KNOWN = ['STELLA_HOME', 'STELLA_CONNECTION', 'STELLA_NATIVE'];

/** `stella up`: the embedded system until it is told to stop. */
export async function up(io: CliIo, stopped: Promise<unknown>): Promise<void> {
  const { organisation, logLevel, logFormat, ...settings } = loadConfig(SCHEMA, io.env, { alsoKnown: ALSO_KNOWN });
  const folder = join(defaultDataFolder(io.env), 'node');
  const logger = createLogger({ name: 'stella', level: logLevel, format: logFormat });
  const node = await StellaNode.start({ folder, organisation, logger, ...settings, onProgress: (what) => logger.info(`starting: ${what}`) });
  try {
    const connection = join(defaultDataFolder(io.env), 'connection.json');
    await writeConnection(connection, node.connection);
    const { grpcAddress, httpAddress, issuer, clientId } = node.connection;
    io.stdout.write(
      [
        `gRPC        ${grpcAddress}`,
        `HTTP        ${httpAddress}  (debuginfod, log tiles, /metrics, /readyz)`,
        `identity    ${issuer}`,
        `account     ${clientId}, its secret is in ${connection}`,
        `trust root  ${node.installation.trustRootPath}`,
        `data        ${folder}`,
        '',
        'Ready; Ctrl-C stops it.',
        '',
      ].join('\n'),
    );
    await stopped;
    logger.info('stopping');
  } finally {
    await node.stop();
  }
}
