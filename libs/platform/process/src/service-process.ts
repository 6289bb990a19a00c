import type { Environment } from '@stella/platform-config';
import { loadConfig, variableName } from '@stella/platform-config';
import type { StellaService } from '@stella/platform-runtime';
import { z } from 'zod';
import { peerAddress } from './field-kinds.js';
import { retentionProblems } from './retention-fields.js';
import { SHARED_FIELDS, type SharedConfig } from './shared-fields.js';

/** Read by libraries themselves. */
const ALSO_KNOWN = ['STELLA_NATIVE', 'STELLA_TRACES'];

export interface ServiceProcess<F extends z.ZodRawShape> {
  /** As in `services/<name>`. */
  readonly name: string;
  /** The services that it calls: each adds `STELLA_<NAME>_ADDRESS`. */
  readonly peers: readonly string[];
  /** As of its StellaService; the migrations are applied without one. */
  readonly migrationsFolder?: string;
  /** The variables that only this service has. */
  readonly fields: F;
  /** @throws DomainError for what the fields alone cannot tell, e.g. a trust root that has expired */
  service(config: ServiceConfig<F>): StellaService | Promise<StellaService>;
}

export type ServiceConfig<F extends z.ZodRawShape> = SharedConfig & Readonly<z.output<z.ZodObject<F>>>;

/** For the types of its parts; see `services/<name>/src/process.ts`. */
export function serviceProcess<F extends z.ZodRawShape>(process: ServiceProcess<F>): ServiceProcess<F> {
  return process;
}

/** `replay-worker` → `replayWorkerAddress`, of `STELLA_REPLAY_WORKER_ADDRESS`. */
export function addressKey(peer: string): string {
  return `${peer.replace(/-(.)/g, (_, letter: string) => letter.toUpperCase())}Address`;
}

export function schemaOf<F extends z.ZodRawShape>({ fields, peers }: ServiceProcess<F>) {
  return z.object({ ...SHARED_FIELDS, ...Object.fromEntries(peers.map((peer) => [addressKey(peer), peerAddress()])), ...fields }).superRefine(holdTogether);
}

/** Every variable that the process knows. */
export function variablesOf<F extends z.ZodRawShape>(process: ServiceProcess<F>): string[] {
  return Object.keys(schemaOf(process).shape).map((key) => variableName(key));
}

/** @throws DomainError CONFIG_INVALID naming every problem */
export function readConfig<F extends z.ZodRawShape>(process: ServiceProcess<F>, env: Environment): ServiceConfig<F> {
  return loadConfig(schemaOf(process), env, { alsoKnown: ALSO_KNOWN }) as ServiceConfig<F>;
}

/** Only some of the variables, while the others may be there or not. @throws DomainError CONFIG_INVALID */
export function readPart<F extends z.ZodRawShape, P extends z.ZodRawShape>(process: ServiceProcess<F>, part: P, env: Environment): Readonly<z.output<z.ZodObject<P>>> {
  const others = variablesOf(process).flatMap((name) => [name, `${name}_FILE`]);
  const mine = new Set(Object.keys(part).flatMap((key) => [variableName(key), `${variableName(key)}_FILE`]));
  return loadConfig(z.object(part), env, { alsoKnown: [...ALSO_KNOWN, ...others.filter((name) => !mine.has(name))] });
}

/** Variables that mean something only together. */
function holdTogether(config: Record<string, unknown>, context: z.RefinementCtx): void {
  const need = (key: string, because: string): void => {
    if (config[key] === undefined) context.addIssue({ code: 'custom', path: [key], message: `needed with ${variableName(because)}` });
  };
  if (config['tlsCertificate'] !== undefined) need('tlsKey', 'tlsCertificate');
  if (config['tlsKey'] !== undefined) need('tlsCertificate', 'tlsKey');
  if (config['tlsClients'] === 'required') need('tlsCa', 'tlsClients');
  if (config['tlsCa'] !== undefined) need('tlsCertificate', 'tlsCa');
  if (config['kafkaSaslMechanism'] !== undefined) for (const key of ['kafkaSaslUsername', 'kafkaSaslPassword']) need(key, 'kafkaSaslMechanism');
  if (config['databaseCertificate'] !== undefined) need('databaseKey', 'databaseCertificate');
  if (config['kafkaCertificate'] !== undefined) need('kafkaKey', 'kafkaCertificate');
  if (config['databaseCertificate'] !== undefined) need('databaseKey', 'databaseCertificate');
  for (const [key, message] of Object.entries(retentionProblems(config))) context.addIssue({ code: 'custom', path: [key], message });
  for (const key of ['kafkaCa', 'kafkaCertificate']) {
    if (config[key] !== undefined && config['kafkaTls'] === false) context.addIssue({ code: 'custom', path: [key], message: `means nothing without ${variableName('kafkaTls')}=true` });
  }
}
