import { existsSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { createLogger, type Logger } from '@stella/platform-telemetry';
import type { Principal } from '@stella/platform-auth';
import { FakeIssuer } from '@stella/platform-auth/testing';
import { type BlobStore, MemoryBlobStore } from '@stella/platform-blobs';
import type { EventBus } from '@stella/platform-events';
import { provisionService } from '@stella/platform-database';
import { SqlRecorder, startTestDatabase, type TestDatabase } from '@stella/platform-database/testing';
import { createClient, type GrpcClient } from '@stella/platform-grpc';
import type { ServiceDefinition } from '@grpc/grpc-js';
import type { AddressOf } from './peers.js';
import { Runtime } from './runtime.js';
import type { StellaService } from './service.js';

export interface TestRuntimeOptions {
  readonly blobs?: BlobStore;
  readonly bus?: EventBus;
  /** An issuer that a runtime in another process knows too. */
  readonly issuer?: FakeIssuer;
  /** Where the other services are, if not in this runtime. */
  readonly addressOf?: AddressOf;
  readonly clock?: () => Date;
  readonly random?: () => number;
  /** A database that another runtime of the test uses too: what a restart finds. */
  readonly database?: TestDatabase;
  /** Default: a silent one, or one of `logLevel`. */
  readonly logger?: Logger;
  readonly logLevel?: 'silent' | 'info' | 'debug';
  /** What a stop gives to open calls; default 2 seconds. */
  readonly drainTimeoutMs?: number;
}

/** Services on a real PostgreSQL and real sockets, with an issuer in memory. */
export interface TestRuntime {
  readonly runtime: Runtime;
  readonly blobs: BlobStore;
  readonly issuer: FakeIssuer;
  readonly database: TestDatabase;
  /** A client that acts as somebody; default: an operator of the tenant `acme`. */
  client<D extends ServiceDefinition>(definition: D, as?: Partial<Principal>): GrpcClient<D>;
  settle(): Promise<void>;
  stop(): Promise<void>;
}

const DRAIN_TIMEOUT_MS = 2_000;
const OPERATOR: Principal = { subject: 'operator', tenant: 'acme', organisation: 'acme.example', roles: ['operator'] };

/** The tables of events are the same in every schema, and so is their SQL: it has a record of its own. */
const OF_EVENTS = /\b(?:FROM|INTO|UPDATE|JOIN) (?:ONLY )?(?:outbox|inbox)\b|'stella_events_'/;
const EVENTS_RECORD = fileURLToPath(new URL('../../events/sql/recorded.sql', import.meta.url));

export async function startTestRuntime(services: readonly StellaService[], options: TestRuntimeOptions = {}): Promise<TestRuntime> {
  const recorder = new SqlRecorder((database, statement) => {
    const folder = services.find(({ name }) => name === database)?.migrationsFolder;
    // Services that a test makes up have no package, and nobody keeps a record of theirs.
    if (folder === undefined || !existsSync(join(dirname(folder), 'package.json'))) return undefined;
    return OF_EVENTS.test(statement) ? EVENTS_RECORD : join(dirname(folder), 'sql', 'recorded.sql');
  });
  const database = options.database ?? (await startTestDatabase());
  const blobs = options.blobs ?? new MemoryBlobStore();
  const issuer = options.issuer ?? (await FakeIssuer.create());
  const tokens = (principal: Principal) => ({ authorization: () => issuer.authorization(principal) });
  const runtime = await Runtime.start({
    profile: 'embedded',
    services,
    grpcPort: 0,
    httpPort: 0,
    blobs,
    ...(options.bus ? { bus: options.bus } : {}),
    authenticator: issuer.verifier,
    connectionOf: async (name) => (await provisionService(database.administrator, name)).connection,
    tokensOf: (name) => tokens({ ...OPERATOR, subject: `service-${name}`, roles: ['service'] }),
    logger: options.logger ?? createLogger({ name: 'test', level: options.logLevel ?? 'silent' }),
    drainTimeoutMs: options.drainTimeoutMs ?? DRAIN_TIMEOUT_MS,
    ...(options.addressOf ? { addressOf: options.addressOf } : {}),
    ...(options.clock ? { clock: options.clock } : {}),
    ...(options.random ? { random: options.random } : {}),
  });
  const open: (() => void)[] = [];
  return {
    runtime,
    blobs,
    issuer,
    database,
    client(definition, as = {}) {
      const client = createClient(definition, { address: runtime.grpcAddress, tokens: tokens({ ...OPERATOR, ...as }) });
      open.push(client.close);
      return client;
    },
    settle: () => runtime.settle(),
    async stop() {
      for (const close of open) close();
      await runtime.stop();
      if (!options.database) await database.stop();
      await recorder.finish();
    },
  };
}
