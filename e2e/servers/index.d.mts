// The contract of the servers: what each address holds. The same stands in `<folder>/servers.json`.

export interface KafkaAddress {
  /** `host:port` */
  readonly brokers: readonly string[];
}

/** Of the administrator of the whole server; `database` is there and empty. */
export interface PostgresAddress {
  readonly host: string;
  readonly port: number;
  readonly user: string;
  readonly password: string;
  readonly database: string;
}

export interface S3Address {
  /** An http URL without a path. */
  readonly endpoint: string;
  readonly region: string;
  readonly accessKey: string;
  readonly secretKey: string;
}

export interface ToxiproxyAddress {
  /** Of its HTTP API. */
  readonly url: string;
}

export interface Addresses {
  readonly kafka: KafkaAddress;
  readonly postgres: PostgresAddress;
  readonly s3: S3Address;
  readonly toxiproxy: ToxiproxyAddress;
}

export type ServerName = keyof Addresses;

/** Starts what is missing of `names` and returns where it is. Nothing is stopped by itself; `npm run e2e` does that. */
export function useServers<N extends ServerName>(names: readonly N[]): Promise<Pick<Addresses, N>>;

/** All for none. `started`: what did not run, or not well. */
export function up(names?: readonly ServerName[]): Promise<{ readonly addresses: Partial<Addresses>; readonly started: readonly ServerName[] }>;

/** All for none. @returns what ran. Data stays, unless `keepData` is false. */
export function down(names?: readonly ServerName[], options?: { readonly keepData?: boolean }): Promise<readonly ServerName[]>;

/** `kill -9` of the server and of all that it started; `useServers` starts it again with the same ports and data. */
export function killServer(name: ServerName): Promise<void>;

export interface ServerStatus {
  readonly name: ServerName;
  readonly state: 'healthy' | 'unhealthy' | 'dead' | 'stopped';
  readonly pid?: number;
  readonly problem?: string;
}

export function status(names?: readonly ServerName[]): Promise<readonly ServerStatus[]>;
