import type { ServerUnaryCall, sendUnaryData } from '@grpc/grpc-js';
import { DeadLetterServiceService, type ListDeadLettersRequest, type ListDeadLettersResponse } from '@stella/contracts/stella/events/v1alpha/dead_letters';
import { createStellaClient } from '../src/index.js';
import { startServer } from './server.js';

async function listening(name: string) {
  const seen: string[] = [];
  const { address, server } = await startServer(DeadLetterServiceService, {
    listDeadLetters: ({ metadata }: ServerUnaryCall<ListDeadLettersRequest, ListDeadLettersResponse>, answer: sendUnaryData<ListDeadLettersResponse>) => {
      seen.push(['stella-service', 'authorization', 'traceparent'].map((key) => String(metadata.get(key)[0])).join(' '));
      answer(null, { deadLetters: [], nextPageToken: name });
    },
  });
  return { address, server, seen };
}

test('dead letters are asked of their service: at its address, or by a name that a front routes by', async () => {
  const [front, own] = await Promise.all([listening('front'), listening('own')]);
  const client = createStellaClient({ address: front.address, addresses: { psdi: own.address }, token: 'secret' });
  try {
    const askedOf = async (service: 'gate' | 'psdi') => (await client.deadLetters(service).listDeadLetters({ parent: `services/${service}` }, { metadata: { traceparent: 'x' } })).nextPageToken;
    expect([await askedOf('gate'), await askedOf('psdi')]).toEqual(['front', 'own']);
    expect([front.seen, own.seen]).toEqual([['gate Bearer secret x'], ['psdi Bearer secret x']]);
  } finally {
    client.close();
    for (const { server } of [front, own]) server.forceShutdown();
  }
});
