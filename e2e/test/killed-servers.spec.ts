import { randomBytes } from 'node:crypto';
import { buffer } from 'node:stream/consumers';
import kafkajs from 'kafkajs';
import { Client as S3 } from 'minio';
import pg from 'pg';
import { type Addresses, killServer, type ServerName, status, useServers } from '../servers/index.mjs';
import { within } from './support/within.js';

const START_TIMEOUT_MS = 3_600_000;
const unique = () => randomBytes(6).toString('hex');

/** Kills it while it runs and starts it again, at the same address. */
async function killAndReturn(name: ServerName, address: object, kill: (name: ServerName) => Promise<void> = killServer): Promise<void> {
  await kill(name);
  expect(await status([name])).toEqual([expect.objectContaining({ name, state: 'dead' })]);
  const again = await useServers([name]);
  expect(again[name]).toEqual(address);
  expect(await status([name])).toEqual([expect.objectContaining({ name, state: 'healthy' })]);
}

/** What it started lives on. */
async function killAlone(name: ServerName): Promise<void> {
  const [{ pid = 0 } = {}] = await status([name]);
  process.kill(pid, 'SIGKILL');
  await within(START_TIMEOUT_MS, async () => ((await status([name]))[0]?.state === 'dead' ? true : undefined));
}

describe('a killed server comes back at the same address, with all that it acknowledged', () => {
  let servers: Pick<Addresses, 'kafka' | 'postgres' | 's3' | 'oidc'>;
  beforeAll(async () => {
    servers = await useServers(['kafka', 'postgres', 's3', 'oidc']);
  }, START_TIMEOUT_MS);

  test.each([
    ['with all its sessions', killServer],
    ['while a session is in the middle of something, and lives on', killAlone],
  ])('PostgreSQL, %s', async (_how, kill) => {
    const table = `t_${unique()}`;
    const open = async () => {
      const client = new pg.Client(servers.postgres);
      client.on('error', () => {});
      await client.connect();
      return client;
    };
    const [writer, sleeper] = [await open(), await open()];
    await writer.query(`CREATE TABLE ${table} (n int)`);
    await writer.query(`INSERT INTO ${table} VALUES (1)`);
    const sleeping = sleeper.query('SELECT pg_sleep(600)').catch((error: Error) => error);
    await killAndReturn('postgres', servers.postgres, kill);
    expect(await sleeping).toBeInstanceOf(Error);
    const reader = await open();
    expect((await reader.query(`SELECT n FROM ${table}`)).rows).toEqual([{ n: 1 }]);
    await reader.query(`DROP TABLE ${table}`);
    await reader.end();
  });

  test('Kafka', async () => {
    const topic = `killed-${unique()}`;
    const kafka = new kafkajs.Kafka({ clientId: 'killed', brokers: [...servers.kafka.brokers], logLevel: kafkajs.logLevel.NOTHING });
    const admin = kafka.admin();
    const producer = kafka.producer();
    await Promise.all([admin.connect(), producer.connect()]);
    await admin.createTopics({ topics: [{ topic, numPartitions: 1 }], waitForLeaders: true });
    await producer.send({ topic, acks: -1, messages: Array.from({ length: 100 }, (_, n) => ({ value: String(n) })) });
    await killAndReturn('kafka', servers.kafka);
    expect(await admin.fetchTopicOffsets(topic)).toEqual([expect.objectContaining({ partition: 0, high: '100' })]);
    await Promise.all([admin.disconnect(), producer.disconnect()]);
  });

  test('MinIO', async () => {
    const { endpoint, region, accessKey, secretKey } = servers.s3;
    const { hostname, port } = new URL(endpoint);
    const client = new S3({ endPoint: hostname, port: Number(port), useSSL: false, region, accessKey, secretKey });
    const bucket = `killed-${unique()}`;
    const blob = randomBytes(100_000);
    await client.makeBucket(bucket);
    await client.putObject(bucket, 'blob', blob);
    await killAndReturn('s3', servers.s3);
    expect((await buffer(await client.getObject(bucket, 'blob'))).equals(blob)).toBe(true);
  });

  test('Keycloak, with the keys that its tokens were signed with', async () => {
    const keys = async () => (await (await fetch(`${servers.oidc.issuer}/protocol/openid-connect/certs`)).json()) as object;
    const before = await keys();
    await killAndReturn('oidc', servers.oidc);
    expect(await keys()).toEqual(before);
  }, START_TIMEOUT_MS);
});
