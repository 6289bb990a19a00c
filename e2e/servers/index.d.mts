// The contract of the servers: what each address holds. The same stands in `<folder>/servers.json`.

export interface KafkaAddress {
  /** `host:port` */
  readonly brokers: readonly string[];
  /** Another listener: who connects by it is told that the broker is at `proxy`, where a test may put one before `listen`. Both `host:port`. */
  readonly behindProxy: { readonly listen: string; readonly proxy: string };
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

export interface OidcClient {
  readonly clientId: string;
  /** Absent for those that cannot keep one: `console` and `cli`. */
  readonly clientSecret?: string;
}

export interface OidcUser {
  readonly username: string;
  readonly password: string;
  readonly tenant: string;
  readonly organisation: string;
  readonly roles: readonly string[];
}

/** One organisation, with an issuer of its own: the realm of `deploy/keycloak` and what the tests add to it. */
export interface OidcOrganisation {
  readonly issuer: string;
  /** Of every access token. */
  readonly audience: string;
  readonly realm: string;
  readonly organisation: string;
  readonly tenant: string;
  /** By client id: `service-<name>` of each service, `pipeline`, `console`, `cli`; and `test`, which may use passwords. */
  readonly clients: Readonly<Record<string, OidcClient>>;
  /** By name: a person of each role, named as the role; `outsider` is of another tenant of the same organisation. */
  readonly users: Readonly<Record<string, OidcUser>>;
}

/** Keycloak. Itself the first organisation; `organisations` has all, of which there are two. */
export interface OidcAddress extends OidcOrganisation {
  readonly url: string;
  /** Health and metrics. */
  readonly management: string;
  /** Of the realm `master`. */
  readonly adminUser: string;
  readonly adminPassword: string;
  readonly organisations: readonly OidcOrganisation[];
}

export interface PrometheusAddress {
  readonly url: string;
}

/** Jaeger: OTLP in, its query API out (`<query>/api/traces/<id>`). */
export interface TracesAddress {
  /** Of the collector; spans go to `<otlpHttp>/v1/traces`. */
  readonly otlpHttp: string;
  readonly otlpGrpc: string;
  readonly query: string;
}

export interface ToxiproxyAddress {
  /** Of its HTTP API. */
  readonly url: string;
}

export interface Addresses {
  readonly kafka: KafkaAddress;
  readonly postgres: PostgresAddress;
  readonly s3: S3Address;
  readonly oidc: OidcAddress;
  readonly prometheus: PrometheusAddress;
  readonly traces: TracesAddress;
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

export interface ScrapeGroup {
  readonly job: string;
  /** `host:port`, each serving `/metrics`. */
  readonly targets: readonly string[];
  readonly labels?: Readonly<Record<string, string>>;
}

/** What Prometheus reads, once a second, from now on; it need not run yet. */
export function scrape(groups: readonly ScrapeGroup[]): void;

/** Puts rule files (YAML by name, `*.yaml`) before a running Prometheus; throws if it refuses them. */
export function loadRules(url: string, rules: Readonly<Record<string, string>>): Promise<void>;

/** The folder of `prometheus` and `promtool`, built if absent. */
export function installPrometheus(): Promise<string>;
