import { fileURLToPath } from 'node:url';
import { MemoryBlobStore } from '@stella/platform-blobs';
import { startTestDatabase, type TestDatabase } from '@stella/platform-database/testing';
import { EVENTS_MIGRATIONS } from '@stella/platform-events';
import { readMigrations, type Tx } from '@stella/platform-database';
import { SqlRevocationRepository } from '../src/adapters/sql-revocation-repository.js';
import { MemoryRevocations } from './support/memory-revocations.js';
import { revocationContract } from './support/revocation-contract.js';

let server: TestDatabase | undefined;
afterAll(() => server?.stop());

revocationContract('memory', async () => {
  const repository = new MemoryRevocations();
  return { repository, add: (tenant, entry) => repository.add({} as Tx, tenant, entry) };
});

revocationContract('PostgreSQL', async () => {
  server = await startTestDatabase();
  const database = await server.service('gate', [...EVENTS_MIGRATIONS, ...(await readMigrations(fileURLToPath(new URL('../migrations', import.meta.url))))]);
  const repository = new SqlRevocationRepository(database, new MemoryBlobStore());
  return { repository, add: (tenant, entry) => database.tx((tx) => repository.add(tx, tenant, entry)) };
});
