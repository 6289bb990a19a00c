import { type Metadata, type sendUnaryData, type ServerReadableStream, type ServerWritableStream } from '@grpc/grpc-js';
import { Controller, Get, Inject } from '@nestjs/common';
import { GrpcMethod, GrpcStreamCall } from '@nestjs/microservices';
import { StackGraphServiceService, type GetStackRequest, type GetStackResponse } from '@stella/contracts/stella/csfg/v1alpha/csfg';
import { GateServiceService, type GetBundleRequest, type GetBundleResponse } from '@stella/contracts/stella/gate/v1alpha/gate';
import { DeltaIndexServiceService, type UploadArtifactRequest, type UploadArtifactResponse } from '@stella/contracts/stella/psdi/v1alpha/psdi';
import { DomainError } from '@stella/errors';
import { authorize } from '@stella/platform-auth';
import { clientStream, principalOf, serverStream } from '@stella/platform-grpc';
import type { Observable } from 'rxjs';
import type { ServiceContext, StellaService } from '../src/index.js';

const SEEN = Symbol('seen');
export const TOPIC = 'stella.sample.asked.v1alpha';

@Controller()
class SampleController {
  constructor(@Inject(SEEN) private readonly context: ServiceContext) {}

  @GrpcMethod('StackGraphService', 'getStack')
  async getStack({ name }: GetStackRequest, metadata: Metadata): Promise<GetStackResponse> {
    const { tenant, subject } = principalOf(metadata);
    authorize(principalOf(metadata), 'read', { type: 'stack', id: name, tenant });
    if (name.endsWith('0')) throw new DomainError('BLOB_NOT_FOUND', { sha256: name });
    if (name.endsWith('1')) throw new Error('a secret inside');
    if (name.endsWith('2')) await new Promise((resolve) => setTimeout(resolve, 60_000).unref());
    await this.context.database.tx((tx) => this.context.events.append(tx, { topic: TOPIC, tenant, key: name, payload: Buffer.from(subject) }));
    return { stack: { ...EMPTY_STACK, name, incident: tenant } };
  }

  @GrpcStreamCall('DeltaIndexService', 'uploadArtifact')
  upload(call: ServerReadableStream<UploadArtifactRequest, UploadArtifactResponse>, callback: sendUnaryData<UploadArtifactResponse>): Promise<void> {
    return clientStream(call, callback, async (messages) => {
      let sizeBytes = 0n;
      for await (const { part } of messages) {
        if (part?.$case === 'chunk') sizeBytes += BigInt(part.value.data.byteLength);
        if (sizeBytes > 100_000n) throw new DomainError('BLOB_TOO_LARGE', { sizeBytesMax: '100000' });
      }
      return { artifact: { name: '', sha256: '', sizeBytes, label: '', createTime: undefined } };
    });
  }

  @GrpcMethod('GateService', 'getBundle')
  bundle(_request: GetBundleRequest, _metadata: Metadata, call: ServerWritableStream<GetBundleRequest, GetBundleResponse>): Observable<never> {
    return serverStream(call, pieces());
  }

  @Get('sample')
  hello(): string {
    return 'hello';
  }

  @Get('sample/absent')
  absent(): never {
    throw new DomainError('BLOB_NOT_FOUND', { sha256: 'x' });
  }
}

/** How many pieces were made: shows that a reader who stops stops the maker. */
export const made = { pieces: 0 };
async function* pieces(): AsyncGenerator<GetBundleResponse> {
  for (let index = 0; index < 2000; index++) {
    made.pieces++;
    await Promise.resolve();
    yield { chunk: { data: Buffer.alloc(65_536, index) } };
  }
}

const EMPTY_STACK = { name: '', incident: '', format: '', language: '', frames: [], fingerprints: {}, normaliser: '', rules: [], unsymbolised: 0, createTime: undefined };

export function sampleService(): StellaService {
  return {
    name: 'sample',
    grpc: {
      'stella.csfg.v1alpha.StackGraphService': StackGraphServiceService,
      'stella.psdi.v1alpha.DeltaIndexService': DeltaIndexServiceService,
      'stella.gate.v1alpha.GateService': GateServiceService,
    },
    wire: (context) => ({ controllers: [SampleController], providers: [{ provide: SEEN, useValue: context }] }),
  };
}

/** Consumes what the other says, and calls it back with its own token. */
export function listeningService(heard: string[]): StellaService {
  return {
    name: 'listening',
    grpc: {},
    wire(context) {
      const stacks = context.peers.client('sample', StackGraphServiceService);
      context.events.subscribe(
        { topic: TOPIC },
        {
          prepare: async (event) => {
            const answer = event.payload.toString().startsWith('service-') ? undefined : await stacks.getStack({ name: event.key }, { tenant: event.tenant });
            return answer?.stack?.incident ?? 'none';
          },
          commit: (event, _tx, asked) => {
            heard.push(`${Buffer.from(event.payload).toString()} of ${event.tenant}, asked as ${asked}`);
            return Promise.resolve();
          },
        },
      );
      return { controllers: [], providers: [], start: () => Promise.resolve(), stop: () => Promise.resolve(void heard.push('stopped')) };
    },
  };
}
