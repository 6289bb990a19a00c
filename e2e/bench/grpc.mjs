// A call to a server of ours, against the same method on bare @grpc/grpc-js: one at a time, and many at once.
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { Client, credentials, Metadata } from '@grpc/grpc-js';
import { StackGraphServiceService } from '@stella/contracts/stella/csfg/v1alpha/csfg';
import { alternate } from './lib/alternate.mjs';
import { benchmark } from './lib/benchmark.mjs';
import { forkServer } from './lib/fork-server.mjs';
import { group } from './lib/group.mjs';
import { REQUEST_TIMEOUT_MS } from './lib/limits.mjs';
import { temporaryFolder } from './lib/temporary-folder.mjs';

const SERVER = fileURLToPath(new URL('./parts/grpc-server.mjs', import.meta.url));
const ONE_BY_ONE = 200;
const AT_ONCE = 16;
const MANY = 1_000;
const RATIO_MAX = 1.3;
const { getStack } = StackGraphServiceService;
const REQUEST = { name: `stacks/${'a'.repeat(64)}` };
const TRACEPARENT = '00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01';

await benchmark('grpc', async (runs) => {
  const folder = temporaryFolder();
  const servers = await Promise.all(['bare', 'ours'].map((which) => forkServer(SERVER, [which], join(folder, `${which}.log`))));
  const [bare, ours] = servers.map(({ message }) => callerOf(message));
  const [reference, own] = ['bare @grpc/grpc-js', 'a service of ours'];
  const judged = (text) => ({ ratios: [[own, reference]], goals: [{ text, case: own, to: reference, max: RATIO_MAX }] });
  try {
    return {
      facts: { method: getStack.path, 'calls a run, one at a time': ONE_BY_ONE, 'calls a run, many at once': `${MANY}, ${AT_ONCE} at once` },
      groups: [
        group('one call at a time', await alternate({ [reference]: () => oneByOne(bare), [own]: () => oneByOne(ours) }, runs), judged('latency ≤ 1.3 ×')),
        group('many at once, time a call', await alternate({ [reference]: () => many(bare), [own]: () => many(ours) }, runs), judged('time a call ≤ 1.3 ×')),
      ],
    };
  } finally {
    for (const { close } of [bare, ours]) close();
    await Promise.all(servers.map(({ stop }) => stop()));
  }
});

/** The same client for both: what is measured is the server. */
function callerOf({ address, authorization }) {
  const client = new Client(address, credentials.createInsecure());
  const call = () =>
    new Promise((resolve, reject) => {
      const metadata = new Metadata();
      metadata.set('authorization', authorization);
      metadata.set('traceparent', TRACEPARENT);
      const answered = (error, answer) => (error ? reject(error) : answer.stack?.name === REQUEST.name ? resolve() : reject(new Error('another answer')));
      client.makeUnaryRequest(getStack.path, getStack.requestSerialize, getStack.responseDeserialize, REQUEST, metadata, { deadline: Date.now() + REQUEST_TIMEOUT_MS }, answered);
    });
  return { call, close: () => client.close() };
}

async function oneByOne({ call }) {
  const samples = [];
  for (let at = 0; at < ONE_BY_ONE; at++) {
    const startedMs = performance.now();
    await call();
    samples.push(performance.now() - startedMs);
  }
  return samples;
}

/** One sample: the time of all by their number. */
async function many({ call }) {
  const startedMs = performance.now();
  let left = MANY;
  const caller = async () => {
    while (left-- > 0) await call();
  };
  await Promise.all(Array.from({ length: AT_ONCE }, caller));
  return [(performance.now() - startedMs) / MANY];
}
