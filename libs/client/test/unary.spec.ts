import { type Server, type ServerUnaryCall, type sendUnaryData, status } from '@grpc/grpc-js';
import {
  type GetStackRequest,
  type GetStackResponse,
  type IngestStackRequest,
  type IngestStackResponse,
  type ListStacksRequest,
  type ListStacksResponse,
  Stack,
  StackGraphServiceService,
} from '@stella/contracts/stella/csfg/v1alpha/csfg';
import { StellaError, type StellaClient, createStellaClient, paginate } from '../src/index.js';
import { startServer, wireError } from './server.js';

type Unary<Request, Response> = (call: ServerUnaryCall<Request, Response>, answer: sendUnaryData<Response>) => void;

let server: Server;
let client: StellaClient;
let getStack: Unary<GetStackRequest, GetStackResponse>;
let ingestStack: Unary<IngestStackRequest, IngestStackResponse>;
let listStacks: Unary<ListStacksRequest, ListStacksResponse>;

beforeAll(async () => {
  const started = await startServer(StackGraphServiceService, {
    getStack: ((call, answer) => getStack(call, answer)) as typeof getStack,
    ingestStack: ((call, answer) => ingestStack(call, answer)) as typeof ingestStack,
    listStacks: ((call, answer) => listStacks(call, answer)) as typeof listStacks,
  });
  server = started.server;
  client = createStellaClient({ address: started.address, token: 'secret' });
});

afterAll(() => {
  client.close();
  server.forceShutdown();
});

async function failure(promise: Promise<unknown>): Promise<StellaError> {
  const error = await promise.then(
    () => undefined,
    (reason: unknown) => reason,
  );
  if (error instanceof StellaError) return error;
  throw new Error(`expected a StellaError, got ${String(error)}`);
}

test('the token and own metadata travel with the request', async () => {
  getStack = (call, answer) => {
    const seen = ['authorization', 'traceparent'].map((key) => call.metadata.get(key)[0]).join(' ');
    answer(null, { stack: Stack.fromPartial({ name: call.request.name, format: seen }) });
  };
  const { stack } = await client.csfg.getStack({ name: 'stacks/1' }, { metadata: { traceparent: '00-1-2-01' } });
  expect(stack).toMatchObject({ name: 'stacks/1', format: 'Bearer secret 00-1-2-01' });
});

test('an error comes with reason, facts, next step, code and violations', async () => {
  getStack = (_call, answer) =>
    answer(
      wireError(status.NOT_FOUND, 'no such stack', {
        reason: 'STACK_NOT_FOUND',
        metadata: { name: 'stacks/1', next: 'list the stacks' },
        violations: [{ field: 'name', description: 'too short' }],
      }),
    );
  const error = await failure(client.csfg.getStack({ name: 'stacks/1' }));
  expect({ ...error, message: error.message }).toMatchObject({
    message: 'no such stack',
    reason: 'STACK_NOT_FOUND',
    code: status.NOT_FOUND,
    facts: { name: 'stacks/1' },
    next: 'list the stacks',
    violations: [{ field: 'name', description: 'too short' }],
  });
});

test('an error without details, or with broken ones, keeps its code and gets a reason', async () => {
  getStack = (_call, answer) => {
    const broken = wireError(status.RESOURCE_EXHAUSTED, 'too much');
    broken.metadata?.set('grpc-status-details-bin', Buffer.from([0xff, 0xff, 0xff]));
    answer(broken);
  };
  expect(await failure(client.csfg.getStack({}))).toMatchObject({ reason: 'GRPC_RESOURCE_EXHAUSTED', code: status.RESOURCE_EXHAUSTED });
  expect(await failure(client.csfg.explainMatch({}))).toMatchObject({ reason: 'GRPC_UNIMPLEMENTED' });
});

test('a foreign ErrorInfo is not taken for ours', async () => {
  getStack = (_call, answer) => {
    const error = wireError(status.PERMISSION_DENIED, 'proxy says no', { reason: 'X' });
    const bytes = error.metadata?.get('grpc-status-details-bin')[0] as Buffer;
    error.metadata?.set('grpc-status-details-bin', Buffer.from(bytes.toString('latin1').replace('stella-ops.org', 'mallory-op.org'), 'latin1'));
    answer(error);
  };
  expect(await failure(client.csfg.getStack({}))).toMatchObject({ reason: 'PERMISSION_DENIED' });
});

test('a create is made again on UNAVAILABLE, with the same request id', async () => {
  const ids: string[] = [];
  ingestStack = (call, answer) => {
    ids.push(call.request.requestId);
    if (ids.length < 3) answer(wireError(status.UNAVAILABLE, 'not now', { reason: 'UNAVAILABLE' }));
    else answer(null, { stack: Stack.fromPartial({ name: 'stacks/2' }) });
  };
  const { stack } = await client.csfg.ingestStack({ source: { source: { $case: 'text', value: 'x' } } });
  expect(stack?.name).toBe('stacks/2');
  expect(ids).toHaveLength(3);
  expect(ids[0]).toMatch(/^[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/);
  expect(new Set(ids).size).toBe(1);
});

test('retries have an end, and other errors are not retried', async () => {
  let calls = 0;
  getStack = (_call, answer) => {
    calls += 1;
    answer(wireError(status.UNAVAILABLE, 'not now', { reason: 'UNAVAILABLE' }));
  };
  expect(await failure(client.csfg.getStack({}, { attemptsMax: 2 }))).toMatchObject({ reason: 'UNAVAILABLE' });
  expect(calls).toBe(2);

  calls = 0;
  getStack = (_call, answer) => {
    calls += 1;
    answer(wireError(status.DATA_LOSS, 'broken', { reason: 'BLOB_DIGEST_MISMATCH' }));
  };
  expect(await failure(client.csfg.getStack({}))).toMatchObject({ reason: 'BLOB_DIGEST_MISMATCH' });
  expect(calls).toBe(1);
});

test('the deadline reaches the server and ends the call', async () => {
  let deadline = 0;
  getStack = (call) => {
    deadline = Number(call.getDeadline());
  };
  const before = Date.now();
  expect(await failure(client.csfg.getStack({}, { timeoutMs: 150 }))).toMatchObject({ reason: 'DEADLINE_EXCEEDED', code: status.DEADLINE_EXCEEDED });
  expect(deadline - before).toBeGreaterThan(50);
  expect(deadline - before).toBeLessThan(400);
});

test('a signal cancels the call on the server too', async () => {
  const cancelled = Promise.withResolvers<void>();
  const arrived = Promise.withResolvers<void>();
  getStack = (call) => {
    call.on('cancelled', () => cancelled.resolve());
    arrived.resolve();
  };
  const controller = new AbortController();
  const call = failure(client.csfg.getStack({}, { signal: controller.signal }));
  await arrived.promise;
  controller.abort();
  expect(await call).toMatchObject({ reason: 'CANCELLED' });
  await cancelled.promise;
  expect(await failure(client.csfg.getStack({}, { signal: controller.signal }))).toMatchObject({ reason: 'CANCELLED' });
});

test('a list is read page by page, and a token that stands still is refused', async () => {
  listStacks = (call, answer) => {
    const page = Number(call.request.pageToken || '0');
    const stacks = [0, 1].map((i) => Stack.fromPartial({ name: `stacks/${page * 2 + i}`, incident: call.request.incident }));
    answer(null, { stacks, nextPageToken: page < 2 ? String(page + 1) : '' });
  };
  const names: string[] = [];
  for await (const stack of paginate(client.csfg.listStacks, { incident: 'i' }, (page) => page.stacks)) names.push(`${stack.name} ${stack.incident}`);
  expect(names).toEqual([0, 1, 2, 3, 4, 5].map((i) => `stacks/${i} i`));

  listStacks = (_call, answer) => answer(null, { stacks: [], nextPageToken: 'again' });
  const endless = paginate(client.csfg.listStacks, {}, (page) => page.stacks);
  expect(await failure(endless.next())).toMatchObject({ reason: 'PAGE_TOKEN_INVALID' });
});

test('nobody listens: UNAVAILABLE after its attempts', async () => {
  const nobody = createStellaClient({ address: '127.0.0.1:1' });
  expect(await failure(nobody.csfg.getStack({}, { attemptsMax: 2 }))).toMatchObject({ reason: 'UNAVAILABLE', code: status.UNAVAILABLE });
  nobody.close();
});
