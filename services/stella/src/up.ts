import { join } from 'node:path';
import { type CliIo, defaultDataFolder, writeConnection } from '@stella/cli';
import { GATE_RETENTION_FIELDS } from '@stella/gate';
import { loadConfig, port } from '@stella/platform-config';
import { EVENT_RETENTION_FIELDS, eventRetentionOf, UPLOAD_RETENTION_FIELDS } from '@stella/platform-process';
import { createLogger } from '@stella/platform-telemetry';
import { z } from 'zod';
import { StellaNode } from './node.js';
import type { NodeRetention } from './node-services.js';

const SCHEMA = z.object({
  organisation: z.string().default('stella.test'),
  grpcPort: port().default(7070),
  httpPort: port().default(7071),
  identityPort: port().default(7072),
  logLevel: z.enum(['error', 'warn', 'info', 'debug']).default('info'),
  logFormat: z.enum(['json', 'pretty']).default('pretty'),
  pullIntervalMs: z.coerce.number().int().min(0).default(5_000),
  ...EVENT_RETENTION_FIELDS,
  ...GATE_RETENTION_FIELDS,
  ...UPLOAD_RETENTION_FIELDS,
});

/** Read by the command line itself. */
const ALSO_KNOWN = ['STELLA_HOME', 'STELLA_CONNECTION', 'STELLA_NATIVE'];

/** `stella up`: the embedded system until it is told to stop. */
export async function up(io: CliIo, stopped: Promise<unknown>): Promise<void> {
  const config = loadConfig(SCHEMA, io.env, { alsoKnown: ALSO_KNOWN });
  const { organisation, logLevel, logFormat, grpcPort, httpPort, identityPort, pullIntervalMs } = config;
  const settings = { grpcPort, httpPort, identityPort, pullIntervalMs, retention: retentionOf(config) };
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

function retentionOf(config: z.output<typeof SCHEMA>): NodeRetention {
  return { events: eventRetentionOf(config), newsMs: config.retentionNews, evaluationsMs: config.retentionEvaluations, uploadsMs: config.retentionUploads };
}
