import { randomBytes } from 'node:crypto';
import { join } from 'node:path';
import { provisionService } from '@stella/platform-database';
import { applyTopics, readTopics } from '@stella/platform-events';
import { createLogger } from '@stella/platform-telemetry';
import kafkajs from 'kafkajs';
import { Client as S3Client } from 'minio';
import pg from 'pg';
import { CHECKOUT, SERVICES } from './services.mjs';

const PARTITIONS = 3;

/**
 * What an operator gives an installation on shared servers: a database with a role and a schema for each service, a
 * bucket, topics under a prefix. Safe to repeat.
 * @param {string} space begins the names of all of it
 * @param {import('./../index.d.mts').ClusterServers} servers
 * @returns {Promise<import('./../index.d.mts').Resources>}
 */
export async function makeResources(space, servers) {
  const database = `stella_${space}`;
  const [databaseUrls] = await Promise.all([makeDatabase(database, servers.postgres), makeBucket(bucketOf(space), servers.s3), makeTopics(prefixOf(space), servers.kafka)]);
  return { database, databaseUrls, bucket: bucketOf(space), topicPrefix: prefixOf(space) };
}

/** Takes all of it away again: a broker's heap and its start pay for every partition. */
export async function removeResources({ database, bucket, topicPrefix }, servers) {
  await Promise.all([removeDatabase(database, servers.postgres), removeBucket(bucket, servers.s3), removeTopics(topicPrefix, servers.kafka)]);
}

async function removeTopics(topicPrefix, { brokers }) {
  const admin = new kafkajs.Kafka({ clientId: 'deployment', brokers: [...brokers], logLevel: kafkajs.logLevel.NOTHING }).admin();
  await admin.connect();
  try {
    const topics = (await admin.listTopics()).filter((topic) => topic.startsWith(topicPrefix));
    if (topics.length > 0) await admin.deleteTopics({ topics });
  } finally {
    await admin.disconnect();
  }
}

async function removeDatabase(database, postgres) {
  await asAdministrator(postgres, async (client) => {
    await client.query(`DROP DATABASE IF EXISTS ${client.escapeIdentifier(database)} WITH (FORCE)`);
    const { rows } = await client.query('SELECT rolname FROM pg_roles WHERE rolname LIKE $1', [`${database.replaceAll('_', '\\_')}\\_%`]);
    for (const { rolname } of rows) await client.query(`DROP ROLE ${client.escapeIdentifier(rolname)}`);
  });
}

async function removeBucket(bucket, connection) {
  const s3 = s3Client(connection);
  if (!(await s3.bucketExists(bucket))) return;
  const names = [];
  for await (const { name } of s3.listObjectsV2(bucket, '', true)) names.push(name);
  await s3.removeObjects(bucket, names);
  await s3.removeBucket(bucket);
}

/** @returns {Promise<Record<string, string>>} each service's own URL */
async function makeDatabase(name, postgres) {
  await asAdministrator(postgres, async (client) => {
    const { rowCount } = await client.query('SELECT 1 FROM pg_database WHERE datname = $1', [name]);
    if (rowCount === 0) await client.query(`CREATE DATABASE ${client.escapeIdentifier(name)}`);
    await client.query(`REVOKE ALL ON DATABASE ${client.escapeIdentifier(name)} FROM PUBLIC`);
  });
  const { host, port, user, password: administratorPassword } = postgres;
  const urls = {};
  for (const service of SERVICES) {
    const password = randomBytes(18).toString('base64url');
    const { role } = await provisionService({ host, port, user, password: administratorPassword, database: name }, service, password);
    urls[service] = `postgresql://${role}:${password}@${host}:${port}/${name}`;
  }
  return urls;
}

async function makeBucket(name, s3) {
  const client = s3Client(s3);
  if (!(await client.bucketExists(name))) await client.makeBucket(name);
}

/** As `deploy/kafka` has them; a test needs fewer partitions. */
async function makeTopics(topicPrefix, { brokers }) {
  const topics = (await readTopics(join(CHECKOUT, 'deploy', 'kafka', 'topics.json'))).map((topic) => ({ ...topic, partitions: Math.min(topic.partitions, PARTITIONS) }));
  await applyTopics({ brokers, clientId: 'deployment', topicPrefix }, topics, createLogger({ name: 'topics', level: 'silent' }));
}

async function asAdministrator({ host, port, user, password }, work) {
  const client = new pg.Client({ host, port, user, password, database: 'postgres' });
  await client.connect();
  try {
    return await work(client);
  } finally {
    await client.end();
  }
}

function s3Client({ endpoint, region, accessKey, secretKey }) {
  const { hostname, port } = new URL(endpoint);
  return new S3Client({ endPoint: hostname, port: Number(port), useSSL: false, region, accessKey, secretKey });
}

const bucketOf = (space) => `stella-${space.replaceAll('_', '-')}`;
const prefixOf = (space) => `${space}.`;
