import { type ChildProcess, execFileSync, spawn } from 'node:child_process';
import { once } from 'node:events';
import { closeSync, mkdirSync, mkdtempSync, openSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { type AddressInfo, createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { kafka } from '../../servers/kafka/kafka.mjs';
import { until } from './until.js';

const START_TIMEOUT_MS = 300_000;

/** A broker of its own that lets in only who proves who they are. */
export interface SecuredKafka {
  /** TLS, and a password by each mechanism. */
  readonly saslBroker: string;
  /** TLS with a certificate of the client. */
  readonly tlsBroker: string;
  readonly username: string;
  readonly password: string;
  readonly ca: string;
  readonly client: { readonly certificate: string; readonly key: string };
  /** Signed by nobody that the broker knows. */
  readonly stranger: { readonly certificate: string; readonly key: string };
  stop(): Promise<void>;
}

export async function startSecuredKafka(): Promise<SecuredKafka> {
  const { jars, java } = await kafka.install();
  const folder = mkdtempSync(join(tmpdir(), 'stella-secured-kafka-'));
  const keys = makeKeys(folder);
  const [sasl, tls, inner, controller] = (await freePorts(4)) as [number, number, number, number];
  const [username, password] = ['stella', 'not a secret: a test makes it'];
  const properties = join(folder, 'server.properties');
  writeFileSync(properties, propertiesOf({ folder, sasl, tls, inner, controller, username, password }));
  const kafkaProgram = (name: string, ...args: string[]) => ['-Xmx256m', '-cp', join(jars, '*'), name, ...args];
  const scram = ['SCRAM-SHA-256', 'SCRAM-SHA-512'].flatMap((mechanism) => ['--add-scram', `${mechanism}=[name=${username},password="${password}"]`]);
  execFileSync(java, kafkaProgram('kafka.tools.StorageTool', 'format', '-t', 'c3RlbGxhLXNlY3VyZWQtMQ', '-c', properties, ...scram), { stdio: ['ignore', 'ignore', 'pipe'] });
  const log = join(folder, 'log');
  const output = openSync(log, 'a');
  const child = spawn(java, kafkaProgram('kafka.Kafka', properties), { stdio: ['ignore', output, output] });
  closeSync(output);
  const stop = async () => {
    await end(child);
    rmSync(folder, { recursive: true });
  };
  try {
    await until('the secured broker', async () => {
      if (child.exitCode !== null) throw new Error(`the secured broker ended:\n${readFileSync(log, 'utf8').slice(-4_000)}`);
      return readFileSync(log, 'utf8').includes('Kafka Server started');
    }, START_TIMEOUT_MS);
  } catch (error) {
    await stop();
    throw error;
  }
  return { saslBroker: `127.0.0.1:${sasl}`, tlsBroker: `127.0.0.1:${tls}`, username, password, ...keys, stop };
}

function propertiesOf(where: { folder: string; sasl: number; tls: number; inner: number; controller: number; username: string; password: string }): string {
  const { folder, sasl, tls, inner, controller, username, password } = where;
  const module = (name: string) => `org.apache.kafka.common.security.${name} required`;
  const properties = {
    'process.roles': 'broker,controller',
    'node.id': 1,
    'controller.quorum.voters': `1@127.0.0.1:${controller}`,
    'controller.listener.names': 'CONTROLLER',
    'inter.broker.listener.name': 'INNER',
    listeners: `SASL://127.0.0.1:${sasl},TLS://127.0.0.1:${tls},INNER://127.0.0.1:${inner},CONTROLLER://127.0.0.1:${controller}`,
    'advertised.listeners': `SASL://127.0.0.1:${sasl},TLS://127.0.0.1:${tls},INNER://127.0.0.1:${inner}`,
    'listener.security.protocol.map': 'SASL:SASL_SSL,TLS:SSL,INNER:PLAINTEXT,CONTROLLER:PLAINTEXT',
    'log.dirs': join(folder, 'data'),
    'offsets.topic.replication.factor': 1,
    'offsets.topic.num.partitions': 1,
    'transaction.state.log.replication.factor': 1,
    'transaction.state.log.min.isr': 1,
    'group.initial.rebalance.delay.ms': 0,
    'ssl.keystore.type': 'PEM',
    'ssl.keystore.location': join(folder, 'server.pem'),
    'ssl.truststore.type': 'PEM',
    'ssl.truststore.location': join(folder, 'ca.crt'),
    'listener.name.tls.ssl.client.auth': 'required',
    'sasl.enabled.mechanisms': 'PLAIN,SCRAM-SHA-256,SCRAM-SHA-512',
    'listener.name.sasl.plain.sasl.jaas.config': `${module('plain.PlainLoginModule')} user_${username}="${password}";`,
    'listener.name.sasl.scram-sha-256.sasl.jaas.config': `${module('scram.ScramLoginModule')};`,
    'listener.name.sasl.scram-sha-512.sasl.jaas.config': `${module('scram.ScramLoginModule')};`,
  };
  return Object.entries(properties).map(([name, value]) => `${name}=${value}\n`).join('');
}

function makeKeys(folder: string): Pick<SecuredKafka, 'ca' | 'client' | 'stranger'> {
  const openssl = (...args: string[]) => execFileSync('openssl', args, { cwd: folder, stdio: 'ignore' });
  const key = ['-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:P-256', '-nodes'];
  const read = (name: string) => readFileSync(join(folder, name), 'utf8');
  mkdirSync(folder, { recursive: true });
  openssl('req', '-x509', ...key, '-subj', '/CN=ca', '-keyout', 'ca.key', '-out', 'ca.crt');
  openssl('req', '-x509', ...key, '-subj', '/CN=stranger', '-keyout', 'stranger.key', '-out', 'stranger.crt');
  for (const name of ['server', 'client']) {
    openssl('req', '-x509', ...key, '-CA', 'ca.crt', '-CAkey', 'ca.key', '-subj', `/CN=${name}`, '-addext', 'subjectAltName=IP:127.0.0.1', '-keyout', `${name}.key`, '-out', `${name}.crt`);
  }
  writeFileSync(join(folder, 'server.pem'), `${read('server.key')}${read('server.crt')}${read('ca.crt')}`, { mode: 0o600 });
  const pair = (name: string) => ({ certificate: read(`${name}.crt`), key: read(`${name}.key`) });
  return { ca: read('ca.crt'), client: pair('client'), stranger: pair('stranger') };
}

async function freePorts(count: number): Promise<number[]> {
  const servers = await Promise.all(Array.from({ length: count }, async () => {
    const server = createServer().listen(0, '127.0.0.1');
    await once(server, 'listening');
    return server;
  }));
  const ports = servers.map((server) => (server.address() as AddressInfo).port);
  await Promise.all(servers.map((server) => new Promise((resolve) => server.close(resolve))));
  return ports;
}

async function end(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return;
  child.kill('SIGTERM');
  await once(child, 'exit');
}
