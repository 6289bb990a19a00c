import { type Server as HttpServer, createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { Metadata, Server, ServerCredentials, type ServiceError, type UntypedServiceImplementation, status } from '@grpc/grpc-js';
import { Any } from '@stella/contracts/google/protobuf/any';
import { BadRequest, ErrorInfo } from '@stella/contracts/google/rpc/error_details';
import { Status } from '@stella/contracts/google/rpc/status';

type Definition = Parameters<Server['addService']>[0];

/** A bare grpc-js server on loopback; methods that are not given answer UNIMPLEMENTED. */
export async function startServer(definition: Definition, handlers: UntypedServiceImplementation): Promise<{ address: string; server: Server }> {
  const server = new Server();
  server.addService(definition, handlers);
  const port = await new Promise<number>((resolve, reject) =>
    server.bindAsync('127.0.0.1:0', ServerCredentials.createInsecure(), (error, bound) => (error ? reject(error) : resolve(bound))),
  );
  return { address: `127.0.0.1:${port}`, server };
}

interface Wire {
  readonly reason?: string;
  readonly metadata?: Record<string, string>;
  readonly violations?: { field: string; description: string }[];
}

/** An error as the product's services send it. */
export function wireError(code: status, message: string, { reason, metadata = {}, violations }: Wire = {}): Partial<ServiceError> {
  const details: Any[] = [];
  if (reason) details.push(any('ErrorInfo', ErrorInfo.encode(ErrorInfo.fromPartial({ reason, domain: 'stella-ops.org', metadata })).finish()));
  if (violations) details.push(any('BadRequest', BadRequest.encode(BadRequest.fromPartial({ fieldViolations: violations })).finish()));
  const trailers = new Metadata();
  trailers.set('grpc-status-details-bin', Buffer.from(Status.encode({ code, message, details }).finish()));
  return { code, details: message, metadata: trailers };
}

function any(name: string, value: Uint8Array): Any {
  return { typeUrl: `type.googleapis.com/google.rpc.${name}`, value: Buffer.from(value) };
}

export interface TestIssuer {
  readonly url: string;
  readonly server: HttpServer;
  /** The `authorization` header and form of every token request. */
  readonly requests: { authorization: string; form: URLSearchParams }[];
  lifeSeconds: number;
  /** What discovery answers as issuer; empty: the truth. */
  claimedIssuer: string;
  refuse: boolean;
}

/** An OIDC issuer that knows discovery and the client credentials grant. */
export async function startIssuer(): Promise<TestIssuer> {
  const requests: TestIssuer['requests'] = [];
  const server = createServer(async (request, response) => {
    response.setHeader('content-type', 'application/json');
    if (request.url === '/.well-known/openid-configuration') {
      response.end(JSON.stringify({ issuer: issuer.claimedIssuer || issuer.url, token_endpoint: `${issuer.url}/token` }));
      return;
    }
    let body = '';
    for await (const chunk of request) body += String(chunk);
    requests.push({ authorization: request.headers.authorization ?? '', form: new URLSearchParams(body) });
    response.statusCode = issuer.refuse ? 401 : 200;
    response.end(JSON.stringify(issuer.refuse ? { error: 'invalid_client' } : { access_token: `t${requests.length}`, expires_in: issuer.lifeSeconds }));
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const issuer: TestIssuer = {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    server,
    requests,
    lifeSeconds: 3600,
    claimedIssuer: '',
    refuse: false,
  };
  return issuer;
}
