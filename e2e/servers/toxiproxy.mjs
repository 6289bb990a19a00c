import { join } from 'node:path';
import { goPrograms } from './lib/go.mjs';
import { answerOf } from './lib/health.mjs';

const HOST = '127.0.0.1';

/** Slow and cut connections: its proxies are made and made ill over HTTP. @type {import('./lib/server.mjs').Server} */
export const toxiproxy = {
  name: 'toxiproxy',
  ports: ['server'],

  install: () => goPrograms({ name: 'toxiproxy', module: 'github.com/Shopify/toxiproxy/v2', version: 'v2.12.0', packages: ['cmd/server'] }),

  async plan({ ports, installation }) {
    return {
      launch: { command: join(installation, 'server'), args: ['-host', HOST, '-port', String(ports.server)] },
      address: { url: `http://${HOST}:${ports.server}` },
    };
  },

  async check({ url }) {
    await answerOf(`${url}/version`);
  },
};
