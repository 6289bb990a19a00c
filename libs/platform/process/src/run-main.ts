import { setTimeout as delay } from 'node:timers/promises';
import { isDomainError } from '@stella/errors';
import type { Environment } from '@stella/platform-config';
import { printableConfig } from '@stella/platform-config';
import { createLogger, flushTelemetry, type Logger } from '@stella/platform-telemetry';
import type { z } from 'zod';
import { applyMigrations } from './apply-migrations.js';
import { EXIT, type ExitCode } from './exit-code.js';
import { serve } from './serve.js';
import { readConfig, readPart, type ServiceProcess } from './service-process.js';
import { DATABASE_FIELDS, LOG_FIELDS } from './shared-fields.js';
import { endsOnce } from './signals.js';

const FLUSH_MS = 2_000;
const USAGE = 'use: main.js [serve | migrate | config]';

/** The whole of a `main.ts`: runs the command that was asked for, and ends the process with its exit code. */
export async function runMain<F extends z.ZodRawShape>(service: ServiceProcess<F>): Promise<never> {
  const code = await runCommand(service, process.argv.slice(2), process.env);
  await Promise.race([flushTelemetry(), delay(FLUSH_MS)]);
  process.exit(code);
}

async function runCommand<F extends z.ZodRawShape>(service: ServiceProcess<F>, [command = 'serve', ...rest]: readonly string[], env: Environment): Promise<ExitCode> {
  const name = `stella-${service.name}`;
  let logger = createLogger({ name });
  process.once('uncaughtException', (error) => {
    logger.fatal({ err: error }, 'an error that nobody handled ends the process');
    process.exit(EXIT.failed);
  });
  try {
    if (rest.length > 0) throw new Error(USAGE);
    if (command === 'migrate') {
      const { logLevel, logFormat, ...database } = readPart(service, { ...LOG_FIELDS, ...DATABASE_FIELDS }, env);
      logger = createLogger({ name, level: logLevel, format: logFormat });
      await applyMigrations(service, database, logger);
      return EXIT.ok;
    }
    if (command !== 'serve' && command !== 'config') throw new Error(USAGE);
    const config = readConfig(service, env);
    logger = createLogger({ name, level: config.logLevel, format: config.logFormat });
    if (command === 'config') {
      process.stdout.write(`${JSON.stringify(printableConfig(config), undefined, 2)}\n`);
      return EXIT.ok;
    }
    return await serve(service, config, logger, endsOnce(['SIGTERM', 'SIGINT']));
  } catch (error) {
    return explain(error, logger);
  }
}

function explain(error: unknown, logger: Logger): ExitCode {
  if (!isDomainError(error)) {
    logger.fatal({ err: error }, error instanceof Error ? error.message : 'failed');
    return error instanceof Error && error.message === USAGE ? EXIT.configuration : EXIT.failed;
  }
  const { reason, facts, next } = error;
  logger.fatal({ err: error, reason, facts, next }, error.message);
  if (reason === 'CONFIG_INVALID') return EXIT.configuration;
  return reason === 'SCHEMA_OUTDATED' ? EXIT.schema : EXIT.failed;
}
