import 'reflect-metadata';
import { randomUUID } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { createServer, type AddressInfo } from 'node:net';
import type { ChannelCredentials, Server, ServerCredentials, ServiceDefinition } from '@grpc/grpc-js';
import { type DynamicModule, type INestApplication, type Type } from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import { readDescriptorSet } from '@stella/contracts';
import type { Authenticator, TokenSource } from '@stella/platform-auth';
import type { BlobStore } from '@stella/platform-blobs';
import { Database, type DatabaseOptions, Housekeeping, migrate, requireMigrated } from '@stella/platform-database';
import { type AttachedEvents, type EventBus, type EventRetention, InProcessBus } from '@stella/platform-events';
import { ErrorFilter, grpcServerOptions } from '@stella/platform-grpc';
import { housekeepingReports, type Logger, Metrics, RedMetrics } from '@stella/platform-telemetry';
import type { Express } from 'express';
import { HealthImplementation } from 'grpc-health-check';
import type { ClientConfig } from 'pg';
import { DEAD_LETTERS_GRPC, DeadLetters, DeadLettersController } from './dead-letters/index.js';
import { type Operations, OPERATIONS, OperationsController } from './operations.controller.js';
import { migrationsOf } from './migrations-of.js';
import { type AddressOf, LazyPeers } from './peers.js';
import type { Profile, ServiceContext, ServiceParts, StellaService } from './service.js';

const HOST = '127.0.0.1';
const DRAIN_TIMEOUT_MS = 10_000;
const VERSION = (JSON.parse(readFileSync(new URL('../package.json', import.meta.url), 'utf8')) as { version: string }).version;

export interface RuntimeConfig {
  readonly profile: Profile;
  readonly services: readonly StellaService[];
  /** 0: a free one. */
  readonly grpcPort: number;
  readonly httpPort: number;
  readonly host?: string;
  readonly blobs: BlobStore;
  /** What carries the services' events; default: to the others of this process. */
  readonly bus?: EventBus;
  readonly authenticator: Authenticator;
  /** The connection of a service's role, whose schema exists. */
  connectionOf(service: string): Promise<ClientConfig>;
  /** Default: those of `Database`. */
  readonly databaseLimits?: Pick<DatabaseOptions, 'connectionsMax' | 'connectTimeoutMs' | 'statementTimeoutMs' | 'lockTimeoutMs' | 'idleInTransactionTimeoutMs'>;
  /** Of the services' own events; default: that of the bus. */
  readonly eventRetention?: EventRetention;
  /** Whether missing migrations are applied at the start, or refused because somebody else applies them. Default: applied. */
  readonly migrations?: 'apply' | 'require';
  /** The token that a service sends to the others. */
  tokensOf(service: string): TokenSource;
  /** Where the others are; default: in this process. */
  readonly addressOf?: AddressOf;
  /** Of the gRPC server; default: plain text. */
  readonly serverCredentials?: ServerCredentials;
  /** What the others are called with; default: plain text. */
  readonly peerCredentials?: ChannelCredentials;
  readonly logger: Logger;
  readonly clock?: () => Date;
  readonly random?: () => number;
  readonly drainTimeoutMs?: number;
}

interface Running {
  readonly service: StellaService;
  readonly database: Database;
  readonly events: AttachedEvents;
  readonly logger: Logger;
  readonly peers: LazyPeers;
  readonly parts: ServiceParts;
  readonly housekeeping: Housekeeping;
}

/** One process with one or several services on one gRPC and one HTTP port. */
export class Runtime {
  #grpcServer: Server | undefined;
  #isServing = false;
  #running: Running[] = [];
  #app: INestApplication | undefined;

  private constructor(
    private readonly config: RuntimeConfig,
    readonly grpcAddress: string,
    readonly httpAddress: string,
    readonly metrics: Metrics,
    private readonly bus: EventBus,
    private readonly health: HealthImplementation,
  ) {}

  /** Everything is up when this returns; whatever was started is stopped again when it throws. */
  static async start(config: RuntimeConfig): Promise<Runtime> {
    const host = config.host ?? HOST;
    const grpcPort = config.grpcPort || (await freePort(host));
    const httpPort = config.httpPort || (await freePort(host));
    const health = new HealthImplementation(Object.fromEntries(['', ...Object.keys(grpcOf(config.services))].map((name) => [name, 'NOT_SERVING' as const])));
    const bus = config.bus ?? new InProcessBus({ logger: config.logger });
    const runtime = new Runtime(config, `${host}:${grpcPort}`, `http://${host}:${httpPort}`, new Metrics({ ofProcess: true }), bus, health);
    try {
      await runtime.#start(host, grpcPort, httpPort);
    } catch (error) {
      await runtime.stop().catch((cause: unknown) => config.logger.error({ err: cause }, 'stopping after a failed start'));
      throw error;
    }
    return runtime;
  }

  /** Waits until every event has been delivered and every consumer is idle; for tests and for a demo. */
  settle(timeoutMs?: number): Promise<void> {
    return this.bus.settle(timeoutMs);
  }

  /** A pass of every service's chores at once, which are done now and then anyway; for tests. False: something is left over. */
  async keepHouse(): Promise<boolean> {
    return (await Promise.all(this.#running.map(({ housekeeping }) => housekeeping.pass()))).every(Boolean);
  }

  /** Not ready any more, and works on: so that load balancers send nobody here while the rest is drained. */
  leave(): void {
    this.#isServing = false;
    this.#setHealth('NOT_SERVING');
  }

  /** Not ready, drained, closed; within the drain time-out, after which open calls are cut. */
  async stop(): Promise<void> {
    this.leave();
    const cut = setTimeout(() => this.#grpcServer?.forceShutdown(), this.config.drainTimeoutMs ?? DRAIN_TIMEOUT_MS);
    try {
      // Consumers first: what they have in hand may still ask the other services.
      await Promise.all(this.#running.flatMap(({ events, housekeeping }) => [events.stop(), housekeeping.stop()]));
      await this.#app?.close();
      for (const { parts } of this.#running) await parts.stop?.();
    } finally {
      clearTimeout(cut);
      this.#grpcServer?.forceShutdown();
      for (const { peers, database } of this.#running.splice(0)) {
        peers.close();
        await database.close();
      }
    }
  }

  async #start(host: string, grpcPort: number, httpPort: number): Promise<void> {
    this.#tellBuild();
    for (const service of this.config.services) this.#running.push(await this.#wire(service));
    for (const { parts } of this.#running) await parts.start?.();
    const services = grpcOf(this.config.services);
    const app = await NestFactory.create(this.#rootModule(), { logger: false, bodyParser: false, abortOnError: false });
    this.#app = app;
    (app.getHttpAdapter().getInstance() as Express).disable('x-powered-by');
    app.useGlobalFilters(new ErrorFilter((error) => this.config.logger.error({ err: error }, 'unexpected')));
    app.connectMicroservice(
      grpcServerOptions({
        url: `${host}:${grpcPort}`,
        // Nest serves a package once for each time that it is named.
        packages: [...new Set(Object.keys(services).map((name) => name.slice(0, name.lastIndexOf('.'))))],
        services,
        descriptorSet: readDescriptorSet(),
        health: this.health,
        authenticator: this.config.authenticator,
        red: new RedMetrics(this.metrics, 'grpc_server'),
        onServer: (server) => (this.#grpcServer = server),
        ...(this.config.serverCredentials ? { credentials: this.config.serverCredentials } : {}),
      }),
      { inheritAppConfig: true },
    );
    await app.startAllMicroservices();
    await app.listen(httpPort, host);
    for (const { events } of this.#running) await events.start();
    for (const { housekeeping } of this.#running) housekeeping.start();
    this.#isServing = true;
    this.#setHealth('SERVING');
  }

  async #wire(service: StellaService): Promise<Running> {
    const { name } = service;
    const connection = await this.config.connectionOf(name);
    const migrations = await migrationsOf(service);
    await (this.config.migrations === 'require' ? requireMigrated(connection, migrations) : migrate(connection, migrations));
    const database = new Database({ ...this.config.databaseLimits, connection, name });
    watchPool(this.metrics, name, database);
    const logger = this.config.logger.child({ service: name });
    const clock = this.config.clock ?? (() => new Date());
    const retention = this.config.eventRetention;
    const events = this.bus.attach({ name, database, logger, metrics: this.metrics, clock, ...(retention ? { retention } : {}) });
    const peers = new LazyPeers(this.config.addressOf ?? (() => this.grpcAddress), this.config.tokensOf(name), this.config.peerCredentials);
    const context: ServiceContext = {
      name,
      profile: this.config.profile,
      database,
      blobs: this.config.blobs,
      events,
      peers,
      logger,
      metrics: this.metrics,
      clock,
      ids: randomUUID,
      random: this.config.random ?? Math.random,
    };
    const parts = service.wire(context);
    const housekeeping = new Housekeeping(parts.chores ?? [], housekeepingReports(name, logger, this.metrics));
    return { service, database, events, logger, peers, parts, housekeeping };
  }

  /** What runs where, for boards and for whoever rolls out. */
  #tellBuild(): void {
    const build = this.metrics.gauge('stella_build_info', 'Always 1; labels say what runs here.', ['service', 'version', 'profile']);
    for (const { name } of this.config.services) build.set({ service: name, version: VERSION, profile: this.config.profile }, 1);
  }

  #rootModule(): DynamicModule {
    const operations: Operations = { metrics: this.metrics, notReady: () => this.#notReady(), notLive: () => this.#eventsProblems('notLive') };
    return {
      module: class Root {},
      imports: this.#running.map(({ service, parts }) => serviceModule(service.name, parts)),
      controllers: [OperationsController, DeadLettersController],
      providers: [
        { provide: OPERATIONS, useValue: operations },
        { provide: DeadLetters, useValue: new DeadLetters((name) => this.#running.find(({ service }) => service.name === name)) },
      ],
    };
  }

  async #notReady(): Promise<string[]> {
    if (!this.#isServing) return ['start'];
    const answers = await Promise.allSettled(this.#running.map(({ database }) => database.query('SELECT 1')));
    const databases = this.#running.filter((_, index) => answers[index]?.status === 'rejected').map(({ service }) => `${service.name}: database`);
    return [...databases, ...this.#eventsProblems('notReady')];
  }

  #eventsProblems(kind: 'notReady' | 'notLive'): string[] {
    return this.#running.flatMap(({ service, events }) => events.health()[kind].map((problem) => `${service.name}: ${problem}`));
  }

  #setHealth(state: 'SERVING' | 'NOT_SERVING'): void {
    this.health.setStatus('', state);
    for (const name of Object.keys(grpcOf(this.config.services))) this.health.setStatus(name, state);
  }
}

/** All that a process serves: what its services do, and what the platform does for them. */
function grpcOf(services: readonly StellaService[]): Record<string, ServiceDefinition> {
  return Object.assign({}, ...services.map(({ grpc }) => grpc), DEAD_LETTERS_GRPC) as Record<string, ServiceDefinition>;
}

/** A class of its own for each service: Nest knows modules by their class. */
function serviceModule(name: string, parts: ServiceParts): DynamicModule {
  const module: Type = { [name]: class {} }[name] as Type;
  return { module, controllers: [...parts.controllers], providers: [...parts.providers] };
}

/** Utilisation and saturation of the pool (the USE method, Brendan Gregg 2012); errors are those of the calls. */
function watchPool(metrics: Metrics, service: string, database: Database): void {
  const connections = metrics.gauge('database_connections', 'Connections of the pool, by whether a caller has them.', ['service', 'state']);
  const connectionsMax = metrics.gauge('database_connections_max', 'As many connections may the pool have.', ['service']);
  const waiting = metrics.gauge('database_waiting', 'Callers that wait for a connection.', ['service']);
  metrics.beforeReading(() => {
    const { use } = database;
    connections.set({ service, state: 'used' }, use.connections - use.idle);
    connections.set({ service, state: 'idle' }, use.idle);
    connectionsMax.set({ service }, use.connectionsMax);
    waiting.set({ service }, use.waiting);
  });
}

/** Nest hides the port that gRPC bound, so that it is chosen before. */
async function freePort(host: string): Promise<number> {
  const server = createServer();
  await new Promise<void>((resolve, reject) => server.once('error', reject).listen(0, host, resolve));
  const { port } = server.address() as AddressInfo;
  await new Promise((resolve) => server.close(resolve));
  return port;
}
