import { mkdtemp, rm } from 'node:fs/promises';
import { createServer, type Server as HttpServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Metadata, Server, ServerCredentials, type ServerUnaryCall, type ServerWritableStream, type ServiceDefinition, status } from '@grpc/grpc-js';
import { ErrorInfo } from '@stella/contracts/google/rpc/error_details';
import { Status } from '@stella/contracts/google/rpc/status';
import * as csfg from '@stella/contracts/stella/csfg/v1alpha/csfg';
import * as deadLetters from '@stella/contracts/stella/events/v1alpha/dead_letters';
import * as fbpe from '@stella/contracts/stella/fbpe/v1alpha/fbpe';
import * as frvf from '@stella/contracts/stella/frvf/v1alpha/frvf';
import * as gate from '@stella/contracts/stella/gate/v1alpha/gate';
import * as marketplace from '@stella/contracts/stella/marketplace/v1alpha/marketplace';
import * as psdi from '@stella/contracts/stella/psdi/v1alpha/psdi';
import { writeConnection } from '../../src/index.js';

const SERVICES: readonly ServiceDefinition[] = [gate.GateServiceService, frvf.WitnessServiceService, psdi.DeltaIndexServiceService, csfg.StackGraphServiceService, fbpe.FederationServiceService, marketplace.MarketplaceServiceService, deadLetters.DeadLetterServiceService];
const MESSAGES: Readonly<Record<string, unknown>> = { ...gate, ...frvf, ...psdi, ...csfg, ...fbpe, ...marketplace, ...deadLetters };
const TOKEN = 'token-of-the-test';

// The shape of a request is the method's; each test knows which one it answers.
// eslint-disable-next-line @typescript-eslint/no-explicit-any
export type Answer = (request: any) => unknown;

export class Refusal {
  constructor(
    readonly code: status,
    readonly reason: string,
    readonly facts: Record<string, string> = {},
  ) {}
}

/** A service of the contracts on loopback, with an issuer: what a method is not told to answer is UNIMPLEMENTED. */
export class FakeStella {
  /** Method names in the order of their calls. */
  readonly calls: string[] = [];
  readonly requests: { method: string; request: unknown }[] = [];
  readonly answers: Record<string, Answer> = {};
  connection = '';
  #fallback: Answer = () => undefined;

  private constructor(
    readonly folder: string,
    private readonly server: Server,
    private readonly issuer: HttpServer,
  ) {}

  static async start(): Promise<FakeStella> {
    const fake = new FakeStella(await mkdtemp(join(tmpdir(), 'stella-cli-')), new Server(), issuerServer());
    for (const service of SERVICES) fake.serve(service);
    const port = await new Promise<number>((resolve, reject) => fake.server.bindAsync('127.0.0.1:0', ServerCredentials.createInsecure(), (error, bound) => (error ? reject(error) : resolve(bound))));
    await new Promise<void>((resolve) => fake.issuer.listen(0, '127.0.0.1', resolve));
    const issuer = urlOf(fake.issuer);
    fake.connection = join(fake.folder, 'connection.json');
    await writeConnection(fake.connection, { grpcAddress: `127.0.0.1:${port}`, httpAddress: '127.0.0.1:1', issuer, tokenEndpoint: `${issuer}/token`, audience: 'urn:stella:api', clientId: 'operator', clientSecret: 'secret' });
    return fake;
  }

  /** For every method that is not told otherwise. */
  answerAll(answer: Answer): void {
    this.#fallback = answer;
  }

  async stop(): Promise<void> {
    this.server.forceShutdown();
    await new Promise((resolve) => this.issuer.close(resolve));
    await rm(this.folder, { recursive: true, force: true });
  }

  private serve(definition: ServiceDefinition): void {
    const handlers = Object.entries(definition).map(([method, { requestStream, responseStream }]) => [method, requestStream ? this.gather(method) : responseStream ? this.stream(method) : this.unary(method)]);
    this.server.addService(definition, Object.fromEntries(handlers) as never);
  }

  private unary(method: string) {
    return (call: ServerUnaryCall<object, object>, done: (error: unknown, answer?: unknown) => void): void => this.reply(method, call.request, call.metadata, done);
  }

  private gather(method: string) {
    return (call: AsyncIterable<{ part?: { $case: string; value: { data?: Buffer } } }> & { metadata: Metadata }, done: (error: unknown, answer?: unknown) => void): void => {
      void (async () => {
        let header: unknown;
        const chunks: Buffer[] = [];
        for await (const { part } of call) {
          if (part?.$case === 'header') header = part.value;
          else chunks.push(part?.value.data ?? Buffer.alloc(0));
        }
        this.reply(method, { header, bytes: Buffer.concat(chunks) }, call.metadata, done);
      })();
    };
  }

  private stream(method: string) {
    return (call: ServerWritableStream<object, unknown>): void =>
      this.reply(method, call.request, call.metadata, (error, messages) => {
        if (error) return void call.emit('error', error);
        for (const message of messages as unknown[]) call.write(message);
        call.end();
      });
  }

  private reply(method: string, request: object, metadata: Metadata, done: (error: unknown, answer?: unknown) => void): void {
    if (metadata.get('authorization')[0] !== `Bearer ${TOKEN}`) return done(wireError(new Refusal(status.UNAUTHENTICATED, 'UNAUTHENTICATED')));
    this.calls.push(method);
    this.requests.push({ method, request });
    const answer = this.answers[method]?.(request) ?? this.#fallback(request) ?? new Refusal(status.UNIMPLEMENTED, 'NOT_ANSWERED_IN_THIS_TEST', { method });
    if (answer instanceof Refusal) return done(wireError(answer));
    done(null, Array.isArray(answer) ? answer.map((message) => whole(method, message)) : whole(method, answer));
  }
}

/** Tests name the members that matter. */
function whole(method: string, answer: unknown): unknown {
  const name = `${method[0]?.toUpperCase()}${method.slice(1)}Response`;
  return (MESSAGES[name] as { fromPartial(value: unknown): unknown }).fromPartial(answer);
}

function wireError({ code, reason, facts }: Refusal): Error {
  const info = { typeUrl: 'type.googleapis.com/google.rpc.ErrorInfo', value: Buffer.from(ErrorInfo.encode({ reason, domain: 'stella-ops.org', metadata: facts }).finish()) };
  const metadata = new Metadata();
  metadata.set('grpc-status-details-bin', Buffer.from(Status.encode({ code, message: reason, details: [info] }).finish()));
  return Object.assign(new Error(reason), { code, details: `refused: ${reason}`, metadata });
}

function issuerServer(): HttpServer {
  const server = createServer((request, response) => {
    response.setHeader('content-type', 'application/json');
    const issuer = urlOf(server);
    request.resume();
    response.end(JSON.stringify(request.url === '/token' ? { access_token: TOKEN, expires_in: 3_600 } : { issuer, token_endpoint: `${issuer}/token` }));
  });
  return server;
}

function urlOf(server: HttpServer): string {
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
}
