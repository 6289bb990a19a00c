export { AdvisoryLocks, lockInTransaction } from './advisory-locks.js';
export { databaseConnection, type DatabaseAddress } from './connection.js';
export { Database, type DatabaseOptions, type PoolUse, type Row, type Sql, type Tx, type TxOptions } from './database.js';
export { EmbeddedPostgres, type EmbeddedPostgresOptions } from './embedded/embedded-postgres.js';
export { isForeignKeyViolation, isUniqueViolation } from './errors.js';
export { migrate, readMigrations, type Migration } from './migrate.js';
export { Notifications, notify } from './notifications.js';
export { requireMigrated } from './require-migrated.js';
export { provisionService, type ServiceDatabase } from './provision.js';
