import { type Migration, readMigrations } from '@stella/platform-database';
import { EVENTS_MIGRATIONS } from '@stella/platform-events';
import type { StellaService } from './service.js';

/** All that the schema of a service consists of: the tables of events, then its own. */
export async function migrationsOf({ migrationsFolder }: Pick<StellaService, 'migrationsFolder'>): Promise<readonly Migration[]> {
  return [...EVENTS_MIGRATIONS, ...(migrationsFolder === undefined ? [] : await readMigrations(migrationsFolder))];
}
