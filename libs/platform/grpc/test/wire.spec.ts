import { Client, credentials, type Metadata, Server, ServerCredentials, type ServerInterceptor, type ServiceError, status, type UntypedServiceImplementation } from '@grpc/grpc-js';
import { StackGraphServiceService as Stacks, type GetStackRequest } from '@stella/contracts/stella/csfg/v1alpha/csfg';
import { readDescriptorSet } from '@stella/contracts';
import { DomainError, type ErrorKind, REASONS, type Reason } from '@stella/errors';
import type { Principal } from '@stella/platform-auth';
import { createClient, fromServiceError, principalOf, signalOf, toServiceError } from '@stella/platform-grpc';
import { currentTrace, Metrics, RedMetrics, withTraceparent } from '@stella/platform-telemetry';
import { callInterceptor, type CallInterceptorConfig } from '../src/call-interceptor.js';
import { requestRules } from '../src/validation.js';

const NAME = `stacks/${'a'.repeat(64)}`;
const tokens = { authorization: async () => 'Bearer none' };
const open: (() => void)[] = [];
afterEach(() => open.splice(0).forEach((close) => close()));

/** An issuer whose first token nobody takes any more. */
function staleTokens(): { authorization(): Promise<string>; refused(value: string): void; readonly given: string[] } {
  const given: string[] = [];
  let isStale = true;
  return {
    given,
    authorization: () => {
      given.push(isStale ? 'Bearer stale' : 'Bearer fresh');
      return Promise.resolve(given.at(-1) ?? '');
    },
    refused: (value) => {
      if (value === 'Bearer stale') isStale = false;
    },
  };
}

/** As of a server of ours, but for what a test changes: anybody may call, and nothing is asked of a message. */
function interceptor(changes: Partial<CallInterceptorConfig> = {}): ServerInterceptor {
  const anybody: Principal = { subject: 'anybody', tenant: 'acme', organisation: 'acme.example', roles: [] };
  return callInterceptor({ red: new RedMetrics(new Metrics(), 'grpc_server'), defaultDeadlineMs: 60_000, authenticator: { authenticate: () => Promise.resolve(anybody) }, rules: () => undefined, ...changes });
}

type Handler = (request: GetStackRequest, call: { metadata: Metadata; cancelled: boolean; once(event: 'cancelled', listener: () => void): unknown }) => Promise<unknown>;

/** A bare server with one method and the given interceptors. */
async function serve(interceptors: ServerInterceptor[], getStack: Handler, port = 0): Promise<string> {
  const server = new Server({ interceptors });
  server.addService({ getStack: Stacks.getStack }, {
    getStack: (call: never, callback: (error: unknown, answer?: unknown) => void) =>
      void getStack((call as { request: GetStackRequest }).request, call).then((answer) => callback(null, answer), (error) => callback(toServiceError(error))),
  } as unknown as UntypedServiceImplementation);
  const bound = await new Promise<number>((resolve, reject) => server.bindAsync(`127.0.0.1:${port}`, ServerCredentials.createInsecure(), (error, at) => (error ? reject(error) : resolve(at))));
  open.push(() => server.forceShutdown());
  return `127.0.0.1:${bound}`;
}
const clientOf = (address: string, defaultDeadlineMs = 5_000) => {
  const client = createClient(Stacks, { address, tokens, defaultDeadlineMs, credentials: credentials.createInsecure() });
  open.push(client.close);
  return client;
};
const failing = (error: unknown) => serve([], () => Promise.reject(error));

const CODES: Record<ErrorKind, status> = {
  invalid: status.INVALID_ARGUMENT,
  'not-found': status.NOT_FOUND,
  conflict: status.ALREADY_EXISTS,
  precondition: status.FAILED_PRECONDITION,
  unauthenticated: status.UNAUTHENTICATED,
  denied: status.PERMISSION_DENIED,
  exhausted: status.RESOURCE_EXHAUSTED,
  unavailable: status.UNAVAILABLE,
  deadline: status.DEADLINE_EXCEEDED,
  cancelled: status.CANCELLED,
  'data-loss': status.DATA_LOSS,
  internal: status.INTERNAL,
};

test('every reason of the catalogue comes back from the wire as what it was, with the code of its kind', async () => {
  let reason: Reason = 'INTERNAL';
  const address = await serve([], () => Promise.reject(new DomainError(reason, { fact: 'größe' })));
  const stacks = clientOf(address);
  for (const name of Object.keys(REASONS) as Reason[]) {
    if (REASONS[name].kind === 'unavailable') continue;
    reason = name;
    const error = (await stacks.getStack({ name: NAME }).catch((e: unknown) => e)) as DomainError & { cause: { code: status } };
    expect(error).toMatchObject({ reason: name, facts: { fact: 'größe', next: REASONS[name].next }, message: REASONS[name].says });
    expect(error.cause.code).toBe(CODES[REASONS[name].kind]);
  }
});

test('what is not ours tells nothing', async () => {
  const error = (await clientOf(await failing(new Error('password=hunter2'))).getStack({ name: NAME }).catch((e: unknown) => e)) as DomainError;
  expect(error).toMatchObject({ reason: 'INTERNAL' });
  expect(`${error.message} ${JSON.stringify(error.facts)}`).not.toContain('hunter2');
});

test('long facts are cut, so that the answer still passes', async () => {
  const error = (await clientOf(await failing(new DomainError('REQUEST_INVALID', { long: 'x'.repeat(100_000) }))).getStack({ name: NAME }).catch((e: unknown) => e)) as DomainError;
  expect(error.reason).toBe('REQUEST_INVALID');
  expect(error.facts['long']?.length).toBeLessThan(2_000);
});

test('a reason that this version does not know is named', () => {
  const error = toServiceError(new DomainError('INTERNAL'));
  const raw = error.metadata.get('grpc-status-details-bin')[0] as Buffer;
  const later = Buffer.from(raw.toString('latin1').replace('INTERNAL', 'LATERONE'), 'latin1');
  error.metadata.set('grpc-status-details-bin', later);
  expect(fromServiceError(Object.assign(error, { code: status.FAILED_PRECONDITION }))).toMatchObject({ reason: 'REMOTE_FAILED', facts: { reason: 'LATERONE', code: 'FAILED_PRECONDITION' } });
});

test('a call that finds nobody is tried again, and reaches whoever comes up meanwhile', async () => {
  const first = await serve([], async () => ({ stack: undefined }));
  const port = Number(first.split(':')[1]);
  open.splice(0).forEach((close) => close());
  const waiting = clientOf(first).getStack({ name: NAME });
  await new Promise((resolve) => setTimeout(resolve, 150));
  await serve([], async () => ({ stack: undefined }), port);
  await expect(waiting).resolves.toEqual({ stack: undefined });
});

test('nobody anywhere ends as UNAVAILABLE or at the deadline, soon', async () => {
  const startMs = Date.now();
  await expect(clientOf('127.0.0.1:9', 2_000).getStack({ name: NAME })).rejects.toMatchObject({ kind: expect.stringMatching(/unavailable|deadline/) });
  expect(Date.now() - startMs).toBeLessThan(5_000);
});

test('a call without a deadline ends at the default one, and its handler is told', async () => {
  const told = Promise.withResolvers<void>();
  const address = await serve([interceptor({ defaultDeadlineMs: 100 })], (_request, call) => {
    signalOf(call).addEventListener('abort', () => told.resolve());
    return new Promise(() => undefined);
  });
  const raw = new Client(address, credentials.createInsecure());
  open.push(() => raw.close());
  const error = await new Promise((resolve) => raw.makeUnaryRequest(Stacks.getStack.path, Stacks.getStack.requestSerialize, Stacks.getStack.responseDeserialize, { name: NAME }, resolve));
  expect(fromServiceError(error)).toMatchObject({ reason: 'DEADLINE_EXCEEDED', facts: { defaultMs: '100' } });
  await told.promise;
});

test('a caller who gives up tells the handler', async () => {
  const told = Promise.withResolvers<void>();
  const begun = Promise.withResolvers<void>();
  const address = await serve([], (_request, call) => {
    signalOf(call).addEventListener('abort', () => told.resolve());
    begun.resolve();
    return new Promise(() => undefined);
  });
  const abort = new AbortController();
  const call = clientOf(address).getStack({ name: NAME }, { signal: abort.signal });
  await begun.promise;
  abort.abort();
  await expect(call).rejects.toMatchObject({ reason: 'CANCELLED' });
  await told.promise;
});

test('the handler works in the trace of its caller; calls side by side keep theirs apart', async () => {
  const seen: Record<string, string | undefined> = {};
  const address = await serve([interceptor()], async ({ name }) => {
    await new Promise((resolve) => setTimeout(resolve, 5));
    seen[name] = currentTrace()?.traceId;
    return { stack: undefined };
  });
  const stacks = clientOf(address);
  const ids = ['1', '2', '3'].map((digit) => digit.repeat(32));
  await Promise.all(ids.map((id) => withTraceparent(`00-${id}-00f067aa0ba902b7-01`, () => stacks.getStack({ name: id }))));
  expect(seen).toEqual(Object.fromEntries(ids.map((id) => [id, id])));
});

test('rules of the contract are kept at the door, and the refusal is counted', async () => {
  const metrics = new Metrics();
  let reached = false;
  const address = await serve([interceptor({ red: new RedMetrics(metrics, 'grpc_server'), rules: requestRules(readDescriptorSet(), [Stacks]) })], async () => {
    reached = true;
    return { stack: undefined };
  });
  await expect(clientOf(address).getStack({ name: 'x' })).rejects.toMatchObject({ reason: 'REQUEST_INVALID', facts: { fields: 'name' } });
  expect(reached).toBe(false);
  expect(await metrics.text()).toContain(`code="INVALID_ARGUMENT"} 1`);
});

test.each([
  ['what is no UTF-8', '0a02fffe'],
  ['a group that ends and never began', '0c'],
  ['a field without a number', '00'],
  ['a text whose length is not there', '0aff'],
  ['a text that is told as a number, for a reader that takes it for a text', `0a03${Buffer.from('bad').toString('hex')}0847${Buffer.from(NAME).toString('hex')}`],
  ['a field of another type', '0d00000000'],
])('bytes that two readers may take differently, or not at all: %s', async (_what, hex) => {
  const seen: string[] = [];
  const broken: unknown[] = [];
  const note = (error: unknown) => void broken.push(error);
  process.on('unhandledRejection', note);
  const address = await serve([interceptor({ rules: requestRules(readDescriptorSet(), [Stacks]) })], async ({ name }) => {
    seen.push(name);
    return { stack: undefined };
  });
  const raw = new Client(address, credentials.createInsecure());
  open.push(() => raw.close());
  const error = await new Promise<ServiceError | null>((resolve) => raw.makeUnaryRequest(Stacks.getStack.path, (bytes: Buffer) => bytes, Stacks.getStack.responseDeserialize, Buffer.from(hex, 'hex'), { deadline: Date.now() + 5_000 }, resolve));
  await new Promise((resolve) => setTimeout(resolve, 20));
  process.off('unhandledRejection', note);
  expect([status.INVALID_ARGUMENT, status.INTERNAL]).toContain(error?.code);
  expect([seen, broken]).toEqual([[], []]);
});

describe('a token that is refused', () => {
  const only = (accepted: string) =>
    serve([], async (_request, { metadata }) => {
      if (String(metadata.get('authorization')[0]) !== accepted) throw new DomainError('UNAUTHENTICATED', { problem: 'refused' });
      return { stack: undefined };
    });
  const call = async (accepted: string) => {
    const stale = staleTokens();
    const client = createClient(Stacks, { address: await only(accepted), tokens: stale });
    open.push(client.close);
    return { stale, answer: client.getStack({ name: NAME }) };
  };

  test('is replaced once, as the issuer may have changed its keys', async () => {
    const { stale, answer } = await call('Bearer fresh');
    await expect(answer).resolves.toBeDefined();
    expect(stale.given).toEqual(['Bearer stale', 'Bearer fresh']);
  });

  test('is a refusal when another one is refused too', async () => {
    const { stale, answer } = await call('Bearer nobody');
    await expect(answer).rejects.toMatchObject({ reason: 'UNAUTHENTICATED' });
    expect(stale.given).toEqual(['Bearer stale', 'Bearer fresh']);
  });
});

const alice: Principal = { subject: 'alice', tenant: 'acme', organisation: 'acme.example', roles: ['contributor'], tenants: ['acme', 'labs'] };

test.each([
  ['at once', { authenticate: () => Promise.reject(new Error('nobody asks')), remembered: () => alice }],
  ['after a while', { authenticate: () => Promise.resolve(alice), remembered: () => undefined }],
])('a person in several tenants, who is known %s, chooses one of them by name, and no other', async (_when, authenticator) => {
  const seen: string[] = [];
  const address = await serve([interceptor({ authenticator })], async (_request, { metadata }) => {
    seen.push(principalOf(metadata).tenant);
    return { stack: undefined };
  });
  const stacks = clientOf(address);
  await stacks.getStack({ name: NAME });
  await stacks.getStack({ name: NAME }, { tenant: 'labs' });
  await expect(stacks.getStack({ name: NAME }, { tenant: 'other' })).rejects.toMatchObject({ reason: 'PERMISSION_DENIED' });
  expect(seen).toEqual(['acme', 'labs']);
});

test('whatever ends a call, it is counted once and no longer under way', async () => {
  const metrics = new Metrics();
  const red = new RedMetrics(metrics, 'grpc_server');
  const refusing = { authenticate: () => Promise.reject(new DomainError('UNAUTHENTICATED', { problem: 'nobody' })) };
  const begun = Promise.withResolvers<void>();
  const handler: Handler = ({ name }) => {
    if (name === 'answers') return Promise.resolve({ stack: undefined });
    begun.resolve();
    return new Promise(() => undefined);
  };
  const [refused, timed] = await Promise.all([serve([interceptor({ red, authenticator: refusing })], handler), serve([interceptor({ red })], handler)]);
  await expect(clientOf(refused).getStack({ name: 'answers' })).rejects.toMatchObject({ reason: 'UNAUTHENTICATED' });
  await clientOf(timed).getStack({ name: 'answers' });
  const abort = new AbortController();
  const hanging = clientOf(timed).getStack({ name: 'hangs' }, { signal: abort.signal });
  await begun.promise;
  expect(await metrics.text()).toContain(`grpc_server_in_flight{method="${Stacks.getStack.path}"} 1`);
  abort.abort();
  await expect(hanging).rejects.toMatchObject({ reason: 'CANCELLED' });
  await expect(clientOf(timed, 100).getStack({ name: 'hangs' })).rejects.toMatchObject({ reason: 'DEADLINE_EXCEEDED' });
  await new Promise((resolve) => setTimeout(resolve, 50));
  const text = await metrics.text();
  expect(text).toContain(`grpc_server_in_flight{method="${Stacks.getStack.path}"} 0`);
  const counted = [...text.matchAll(/grpc_server_handled_total\{.*code="(\w+)"\} (\d+)/g)].map(([, code, number]) => [code, Number(number)]);
  expect(Object.fromEntries(counted)).toMatchObject({ OK: 1, UNAUTHENTICATED: 1 });
  expect(counted.reduce((sum, [, number]) => sum + Number(number), 0)).toBe(4);
});
