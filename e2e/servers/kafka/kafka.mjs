import { existsSync, readFileSync, rmSync } from 'node:fs';
import { randomBytes } from 'node:crypto';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import kafkajs from 'kafkajs';
import { cached } from '../lib/cache.mjs';
import { shortDigest } from '../lib/digest.mjs';
import { java } from '../lib/java.mjs';
import { maven } from '../lib/maven.mjs';
import { runProgram } from '../lib/run-program.mjs';
import { HEALTH_TIMEOUT_MS } from '../limits.mjs';
import { serverProperties } from './properties.mjs';

const POM = fileURLToPath(new URL('pom.xml', import.meta.url));
const PROPERTIES = 'server.properties';
const LOGGING = ['defaultLogLevel=info', 'showDateTime=true', 'dateTimeFormat=yyyy-MM-dd HH:mm:ss.SSS', 'showThreadName=false',
  // It prints every setting of every client that it makes.
  'log.org.apache.kafka.common.config.AbstractConfig=warn', 'log.kafka.server.KafkaConfig=warn'].map((setting) => `-Dorg.slf4j.simpleLogger.${setting}`);

/** @type {import('../lib/server.mjs').Server} */
export const kafka = {
  name: 'kafka',
  ports: ['broker', 'controller', 'behindProxy'],
  portsOfOthers: ['proxy'],

  async install() {
    const jars = await cached(`kafka-${shortDigest(readFileSync(POM))}`, (folder) => maven(POM, ['dependency:copy-dependencies'], { outputDirectory: folder, includeScope: 'runtime' }));
    return { jars, java: await java() };
  },

  async plan({ folder, ports, installation }) {
    return {
      launch: {
        command: installation.java,
        args: ['-Xms256m', '-Xmx256m', '-XX:+UseSerialGC', '-XX:+ExitOnOutOfMemoryError', ...LOGGING, '-cp', join(installation.jars, '*'), 'kafka.Kafka', join(folder, PROPERTIES)],
        env: { HOME: folder },
      },
      files: { [PROPERTIES]: serverProperties({ data: join(folder, 'data'), ports }) },
      address: { brokers: [`127.0.0.1:${ports.broker}`], behindProxy: { listen: `127.0.0.1:${ports.behindProxy}`, proxy: `127.0.0.1:${ports.proxy}` } },
    };
  },

  async prepare({ folder, installation }) {
    const data = join(folder, 'data');
    if (existsSync(join(data, 'bootstrap.checkpoint'))) return;
    // What a killed format left.
    rmSync(data, { recursive: true, force: true });
    const clusterId = randomBytes(16).toString('base64url');
    await runProgram(installation.java, ['-Xmx128m', '-XX:TieredStopAtLevel=1', ...LOGGING, '-cp', join(installation.jars, '*'), 'kafka.tools.StorageTool', 'format', '-t', clusterId, '-c', join(folder, PROPERTIES)]);
  },

  async check({ brokers }) {
    const admin = new kafkajs.Kafka({
      clientId: 'health',
      brokers,
      logLevel: kafkajs.logLevel.NOTHING,
      connectionTimeout: HEALTH_TIMEOUT_MS,
      requestTimeout: HEALTH_TIMEOUT_MS,
      retry: { retries: 0 },
    }).admin();
    try {
      await admin.connect();
      const { controller } = await admin.describeCluster();
      if (controller === null || controller < 0) throw new Error('the cluster has no controller yet');
    } finally {
      await admin.disconnect();
    }
  },
};
