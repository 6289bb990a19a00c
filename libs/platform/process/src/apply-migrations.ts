import { migrate } from '@stella/platform-database';
import { migrationsOf } from '@stella/platform-runtime';
import type { Logger } from '@stella/platform-telemetry';
import type { z } from 'zod';
import { connectionOf } from './cluster.js';
import type { ServiceProcess } from './service-process.js';
import type { DatabaseConfig } from './shared-fields.js';

/** Applies what is missing. Of two that run at once, the second waits and finds nothing left to do. */
export async function applyMigrations<F extends z.ZodRawShape>(process: ServiceProcess<F>, config: DatabaseConfig, logger: Logger): Promise<void> {
  const applied = await migrate(connectionOf(config), await migrationsOf(process));
  logger.info({ applied }, applied.length === 0 ? 'the schema is up to date' : 'the schema was brought up to date');
}
