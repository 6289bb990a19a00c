import type { Metadata } from '@grpc/grpc-js';
import { Controller, Inject } from '@nestjs/common';
import { GrpcMethod } from '@nestjs/microservices';
import type {
  GetDeadLetterRequest,
  GetDeadLetterResponse,
  ListDeadLettersRequest,
  ListDeadLettersResponse,
  RedeliverDeadLetterRequest,
  RedeliverDeadLetterResponse,
} from '@stella/contracts/stella/events/v1alpha/dead_letters';
import { authorize, type Principal } from '@stella/platform-auth';
import { pageTokens, principalOf } from '@stella/platform-grpc';
import { DeadLetters } from './dead-letters.js';
import { placeOf, serviceOf, toDeadLetter } from './messages.js';

const ID = /^[a-z0-9-]{1,64}$/;
const TOKENS = pageTokens<string>(
  (id) => [id],
  ([id = '', ...rest]) => (ID.test(id) && rest.length === 0 ? id : undefined),
);

/** The same in every process; which service is meant, the request says. */
@Controller()
export class DeadLettersController {
  constructor(@Inject(DeadLetters) private readonly deadLetters: DeadLetters) {}

  @GrpcMethod('DeadLetterService', 'listDeadLetters')
  async listDeadLetters({ parent, eventType, pageSize, pageToken }: ListDeadLettersRequest, metadata: Metadata): Promise<ListDeadLettersResponse> {
    const { tenant } = operatorOf(metadata);
    const service = serviceOf(parent);
    const list = `${tenant}\0${service}\0${eventType}`;
    const { found, next } = await this.deadLetters.page(tenant, service, eventType || undefined, TOKENS.decode(pageToken, list), pageSize);
    return { deadLetters: found.map((one) => toDeadLetter(service, one)), nextPageToken: TOKENS.encode(next, list) };
  }

  @GrpcMethod('DeadLetterService', 'getDeadLetter')
  async getDeadLetter({ name }: GetDeadLetterRequest, metadata: Metadata): Promise<GetDeadLetterResponse> {
    const { tenant } = operatorOf(metadata);
    const { service, id } = placeOf(name);
    const found = await this.deadLetters.one(tenant, service, id);
    const { bytes } = found.letter;
    return { deadLetter: toDeadLetter(service, found), payload: bytes && Buffer.from(bytes) };
  }

  @GrpcMethod('DeadLetterService', 'redeliverDeadLetter')
  async redeliverDeadLetter({ name }: RedeliverDeadLetterRequest, metadata: Metadata): Promise<RedeliverDeadLetterResponse> {
    const operator = operatorOf(metadata);
    const { service, id } = placeOf(name);
    return { deadLetter: toDeadLetter(service, await this.deadLetters.redeliver(operator, service, id)) };
  }
}

/**
 * Every event has a tenant, and so has its dead letter: the right is that to operate within one's tenant. Who keeps a whole
 * installation has a token that names its tenants, and chooses one by call.
 */
function operatorOf(metadata: Metadata): Principal {
  const principal = principalOf(metadata);
  authorize(principal, 'operate', { type: 'dead-letter', id: '*', tenant: principal.tenant });
  return principal;
}
