import { join } from 'node:path';
import { Client } from 'minio';
import { goPrograms } from './lib/go.mjs';
import { answerOf } from './lib/health.mjs';
import { secret } from './lib/secrets.mjs';

const HOST = '127.0.0.1';
const REGION = 'us-east-1';
const ACCESS_KEY = 'stella';

/** MinIO on one folder. @type {import('./lib/server.mjs').Server} */
export const s3 = {
  name: 's3',
  ports: ['server'],

  install: () => goPrograms({ name: 'minio', module: 'github.com/minio/minio', version: 'v0.0.0-20250907161309-07c3a429bfed', packages: [''] }),

  async plan({ folder, ports, installation }) {
    const secretKey = secret('s3');
    return {
      launch: {
        command: join(installation, 'minio'),
        args: ['server', join(folder, 'data'), '--address', `${HOST}:${ports.server}`, '--certs-dir', join(folder, 'certificates')],
        env: { HOME: folder, MINIO_ROOT_USER: ACCESS_KEY, MINIO_ROOT_PASSWORD: secretKey, MINIO_REGION: REGION, MINIO_BROWSER: 'off', MINIO_UPDATE: 'off' },
      },
      address: { endpoint: `http://${HOST}:${ports.server}`, region: REGION, accessKey: ACCESS_KEY, secretKey },
    };
  },

  async check({ endpoint, region, accessKey, secretKey }) {
    await answerOf(`${endpoint}/minio/health/cluster`);
    const { hostname, port } = new URL(endpoint);
    await new Client({ endPoint: hostname, port: Number(port), useSSL: false, region, accessKey, secretKey }).listBuckets();
  },
};
