import { GateRuntime } from './gate-runtime.js';
import { DirectoryBlobStore, type BlobStore } from '@stella/platform-blobs';

// A process of an installation that stops where it is told, tells what it has asked for, and waits to be killed.
const { administrator, blobFolder, stopsAt, tenant } = JSON.parse(process.argv[2] ?? '') as { administrator: object; blobFolder: string; stopsAt: string; tenant: string };

const directory = await DirectoryBlobStore.open(blobFolder);
let isWatched = false;
const blobs = new Proxy(directory, {
  get(target, name: keyof BlobStore) {
    if (name === 'put' && isWatched && stopsAt === 'blobs.put') return () => stop();
    const value = target[name] as unknown;
    return typeof value === 'function' ? (value as (...args: unknown[]) => unknown).bind(target) : value;
  },
});

const gate = await GateRuntime.start({}, { administrator, service: () => Promise.reject(new Error('not here')), stop: async () => undefined }, blobs);
isWatched = true;

function stop(): Promise<never> {
  process.stdout.write(`${JSON.stringify(gate.peers.calls)}\n`);
  return new Promise(() => undefined);
}

gate.peers.before = async (call) => {
  if (call === stopsAt) await stop();
};
await gate.evaluate({}, { tenant });
