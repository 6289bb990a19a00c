import { setTimeout as delay } from 'node:timers/promises';
import { printableConfig } from '@stella/platform-config';
import { Runtime } from '@stella/platform-runtime';
import type { Logger } from '@stella/platform-telemetry';
import type { z } from 'zod';
import { connectCluster } from './cluster.js';
import { EXIT, type ExitCode } from './exit-code.js';
import { addressKey, type ServiceConfig, type ServiceProcess } from './service-process.js';
import { tlsOf } from './tls.js';

/** After the drain time-out: to close connections, and to commit what was drained. */
const CLOSE_MS = 5_000;

/** Runs the service until `stopped` resolves. Whatever a start that failed has opened is closed again. */
export async function serve<F extends z.ZodRawShape>(process: ServiceProcess<F>, config: ServiceConfig<F>, logger: Logger, stopped: Promise<unknown>): Promise<ExitCode> {
  logger.info({ config: printableConfig(config) }, 'starting');
  const service = await process.service(config);
  const cluster = await connectCluster(process.name, config, logger);
  const runtime = await Runtime.start({
    profile: 'cluster',
    services: [service],
    host: config.host,
    grpcPort: config.grpcPort,
    httpPort: config.httpPort,
    logger,
    drainTimeoutMs: config.drainTimeout,
    addressOf: (peer) => addressOf(process.name, config, peer),
    ...tlsOf(config),
    ...cluster,
  });
  logger.info({ grpcAddress: runtime.grpcAddress, httpAddress: runtime.httpAddress }, 'ready');
  const signal = await stopped;
  logger.info({ signal }, 'stopping');
  runtime.leave();
  await delay(config.stopDelay);
  const deadlineMs = config.drainTimeout + CLOSE_MS;
  const isStopped = await Promise.race([runtime.stop().then(() => true), delay(deadlineMs, false)]);
  if (isStopped) {
    logger.info('stopped');
    return EXIT.ok;
  }
  logger.error({ deadlineMs }, 'not everything stopped in time; what was acknowledged is kept');
  return EXIT.failed;
}

function addressOf(name: string, config: Readonly<Record<string, unknown>>, peer: string): string {
  const address = config[addressKey(peer)];
  if (typeof address === 'string') return address;
  throw new Error(`${name} has no address of ${peer}: its process does not name it among its peers`);
}
