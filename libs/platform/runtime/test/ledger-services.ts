import type { Metadata } from '@grpc/grpc-js';
import { Controller, Inject } from '@nestjs/common';
import { GrpcMethod } from '@nestjs/microservices';
import { StackGraphServiceService, type GetStackRequest, type GetStackResponse } from '@stella/contracts/stella/csfg/v1alpha/csfg';
import { principalOf } from '@stella/platform-grpc';
import type { ServiceContext, StellaService } from '../src/index.js';

const CONTEXT = Symbol('ledger');
const BOOKED = 'stella.ledger.booked.v1alpha';
const migrationsFolder = new URL('./migrations', import.meta.url).pathname;

@Controller()
class LedgerController {
  constructor(@Inject(CONTEXT) private readonly context: ServiceContext) {}

  /** Books the name once; an answer means that it is kept and that its event will come. */
  @GrpcMethod('StackGraphService', 'getStack')
  async getStack({ name }: GetStackRequest, metadata: Metadata): Promise<GetStackResponse> {
    const { tenant } = principalOf(metadata);
    const { database, events } = this.context;
    await database.tx(async (tx) => {
      const isNew = (await tx.execute('INSERT INTO booking (name, tenant) VALUES ($1, $2) ON CONFLICT DO NOTHING', [name, tenant])) === 1;
      if (isNew) await events.append(tx, { topic: BOOKED, tenant, key: name.slice(-1), payload: Buffer.from(name) });
    });
    return { stack: undefined };
  }
}

/** One service that books, another that echoes each booking once. */
export function ledgerServices(): StellaService[] {
  return [
    {
      name: 'ledger',
      grpc: { 'stella.csfg.v1alpha.StackGraphService': StackGraphServiceService },
      migrationsFolder,
      wire: (context) => ({ controllers: [LedgerController], providers: [{ provide: CONTEXT, useValue: context }] }),
    },
    {
      name: 'echo',
      grpc: {},
      migrationsFolder,
      wire(context) {
        context.events.subscribe({ topic: BOOKED }, {
          commit: async (event, tx) => void (await tx.execute('INSERT INTO echo (name) VALUES ($1)', [Buffer.from(event.payload).toString()])),
        });
        return { controllers: [], providers: [] };
      },
    },
  ];
}
