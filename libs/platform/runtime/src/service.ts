import type { ServiceDefinition } from '@grpc/grpc-js';
import type { Provider, Type } from '@nestjs/common';
import type { BlobStore } from '@stella/platform-blobs';
import type { Chore, Database } from '@stella/platform-database';
import type { ServiceEvents } from '@stella/platform-events';
import type { GrpcClient } from '@stella/platform-grpc';
import type { Logger, Metrics } from '@stella/platform-telemetry';

export type Profile = 'embedded' | 'cluster';

/** gRPC clients of the other services, with this service's own token. A client connects at its first call. */
export interface Peers {
  client<D extends ServiceDefinition>(service: string, definition: D): GrpcClient<D>;
}

/** What the platform gives a service. Nothing else reaches it from outside. */
export interface ServiceContext {
  readonly name: string;
  readonly profile: Profile;
  /** As the service's own role, in its own schema. */
  readonly database: Database;
  readonly blobs: BlobStore;
  readonly events: ServiceEvents;
  readonly peers: Peers;
  readonly logger: Logger;
  readonly metrics: Metrics;
  readonly clock: () => Date;
  /** A new UUID. */
  readonly ids: () => string;
  /** From 0 to below 1. */
  readonly random: () => number;
}

/** What a service is made of, wired. */
export interface ServiceParts {
  readonly controllers: readonly Type[];
  readonly providers: readonly Provider[];
  /** What the service forgets in time, done in every process from its start on; its events have their own. */
  readonly chores?: readonly Chore[];
  /** Runs after the migrations and before the first call or event arrives: rebuilds what is kept in memory. */
  start?(): Promise<void>;
  /** Runs once calls and events have been drained, before the database is closed. */
  stop?(): Promise<void>;
}

/** A service as the composition sees it. */
export interface StellaService {
  /** As in `services/<name>`; its role, schema and event source are named after it. */
  readonly name: string;
  /** Full service name → ts-proto's definition. */
  readonly grpc: Readonly<Record<string, ServiceDefinition>>;
  /** Folder with `NNNN_what.sql`; none for a service that stores nothing of its own but its events. */
  readonly migrationsFolder?: string;
  /** Wires the pieces and subscribes to events; must not call anybody yet. */
  wire(context: ServiceContext): ServiceParts;
}
