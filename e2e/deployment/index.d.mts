// Installations for tests and development: every service in processes of its own, on the servers of `e2e/servers`.
import type { Addresses } from '../servers/index.mjs';

export type ServiceName = 'psdi' | 'marketplace' | 'replay-worker' | 'csfg' | 'frvf' | 'fbpe' | 'gate';

/** In the order of a start. */
export const SERVICES: readonly ServiceName[];

/** `traces` where it is given: then every process sends its spans there. */
export type ClusterServers = Pick<Addresses, 'kafka' | 'postgres' | 's3' | 'oidc'> & Partial<Pick<Addresses, 'traces'>>;

export interface DeploymentOptions {
  /** How many, each a realm of the identity provider; they believe each other as partners. Default 2. */
  readonly organisations?: number;
  /** Default: those of `e2e/servers`, started where needed. Other addresses may stand in between, e.g. Toxiproxy's. */
  readonly servers?: ClusterServers;
  /** Begins the names of databases, buckets, topics; default: a new one. */
  readonly space?: string;
  /** Default: a temporary one. */
  readonly folder?: string;
  /** Processes of a service, or of `all`; default 1. */
  readonly replicas?: Partial<Record<ServiceName | 'all', number>>;
  /** More variables for the processes of a service, or of `all`. */
  readonly settings?: Partial<Record<ServiceName | 'all', Readonly<Record<string, string>>>>;
}

/** Makes keys, trust roots, databases, buckets and topics, and applies the migrations. Nothing runs yet. */
export function createDeployments(options?: DeploymentOptions): Promise<readonly Deployment[]>;

export interface ReplicaPorts {
  /** `gate-1` */
  readonly name: string;
  readonly grpcPort: number;
  readonly httpPort: number;
}

export interface Resources {
  readonly database: string;
  readonly databaseUrls: Readonly<Record<ServiceName, string>>;
  readonly bucket: string;
  readonly topicPrefix: string;
}

/** What `stella` reads as its connection file. */
export interface DeploymentConnection {
  readonly grpcAddress: string;
  readonly grpcAddresses: Readonly<Record<ServiceName, string>>;
  readonly httpAddress: string;
  readonly issuer: string;
  readonly tokenEndpoint: string;
  readonly audience: string;
  readonly clientId: string;
  readonly clientSecret: string;
}

export interface Deployment {
  readonly organisation: string;
  readonly folder: string;
  readonly trustRootPath: string;
  readonly rootKeysPath: string;
  readonly publisherKeyPath: string;
  readonly resources: Resources;
  readonly processes: readonly ServiceProcess[];
  /** As its pipeline, which is an operator. */
  readonly connection: DeploymentConnection;
  of(service: ServiceName): readonly ServiceProcess[];
  /** Starts every process and waits until all are ready. */
  start(): Promise<void>;
  ready(): Promise<void>;
  /** SIGTERM to all. */
  stop(): Promise<readonly ({ readonly name: string } & Ended)[]>;
  memoryBytes(): number;
  /** Kills what runs, drops database, bucket and folder. */
  remove(): Promise<void>;
}

export interface Ended {
  readonly code: number | null;
  readonly signal: NodeJS.Signals | null;
  readonly ms: number;
}

/** Logs stand in `log`, one JSON object a line; they survive restarts. */
export interface ServiceProcess {
  readonly service: ServiceName;
  readonly name: string;
  readonly grpcAddress: string;
  readonly httpAddress: string;
  readonly env: Readonly<Record<string, string>>;
  readonly log: string;
  /** Undefined: it does not run. */
  readonly pid: number | undefined;
  readonly isRunning: boolean;
  /** On the ports that it had before; does not wait. */
  start(command?: 'serve' | 'migrate' | 'config'): void;
  ready(timeoutMs?: number): Promise<void>;
  exited(): Promise<Pick<Ended, 'code' | 'signal'>>;
  stop(signal?: NodeJS.Signals, timeoutMs?: number): Promise<Ended>;
  /** SIGKILL. */
  kill(): Promise<void>;
  /** Its share of what its processes hold (Pss). */
  memoryBytes(): number;
}
