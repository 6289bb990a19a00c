import type { Metadata } from '@grpc/grpc-js';
import { Controller, Inject } from '@nestjs/common';
import { GrpcMethod } from '@nestjs/microservices';
import { StackGraphServiceService, type GetStackRequest, type GetStackResponse } from '@stella/contracts/stella/csfg/v1alpha/csfg';
import { principalOf } from '@stella/platform-grpc';
import type { Peers, ServiceContext, StellaService } from '../src/index.js';
import { ledgerServices } from './ledger-services.js';

const PEERS = Symbol('peers');

@Controller()
class FrontController {
  constructor(@Inject(PEERS) private readonly peers: Peers) {}

  @GrpcMethod('StackGraphService', 'getStack')
  getStack({ name }: GetStackRequest, metadata: Metadata): Promise<GetStackResponse> {
    return this.peers.client('ledger', StackGraphServiceService).getStack({ name }, { tenant: principalOf(metadata).tenant });
  }
}

/** Hands every call on to the ledger. */
export function frontService(): StellaService {
  return {
    name: 'front',
    grpc: { 'stella.csfg.v1alpha.StackGraphService': StackGraphServiceService },
    wire: ({ peers }: ServiceContext) => ({ controllers: [FrontController], providers: [{ provide: PEERS, useValue: peers }] }),
  };
}

/** The ledger, and an archive that keeps each booking as a blob. */
export function archivingServices(): StellaService[] {
  const [ledger] = ledgerServices();
  const archive: StellaService = {
    name: 'archive',
    grpc: {},
    wire({ events, blobs, logger }) {
      events.subscribe({ topic: 'stella.ledger.booked.v1alpha' }, {
        prepare: async (event) => {
          logger.info('archiving');
          return blobs.put(event.payload);
        },
        commit: () => Promise.resolve(),
      });
      return { controllers: [], providers: [] };
    },
  };
  return ledger === undefined ? [archive] : [ledger, archive];
}
