// A gRPC server with one method that answers the same at once; argv: `bare` (@grpc/grpc-js alone) or `ours` (all that a
// service of ours does around it: authentication, rules of the proto, deadline, trace, metrics, errors). Ends with its parent.
import { Server, ServerCredentials } from '@grpc/grpc-js';
import { Controller } from '@nestjs/common';
import { GrpcMethod } from '@nestjs/microservices';
import { GetStackResponse, StackGraphServiceService } from '@stella/contracts/stella/csfg/v1alpha/csfg';
import { principalOf } from '@stella/platform-grpc';
import { startTestRuntime } from '@stella/platform-runtime/testing';

const ANSWER = GetStackResponse.fromPartial({ stack: { name: `stacks/${'a'.repeat(64)}` } });
const OPERATOR = { subject: 'operator', tenant: 'acme', organisation: 'acme.example', roles: ['operator'] };

const { address, authorization, stop } = await (process.argv[2] === 'bare' ? bare() : ours());
process.send({ address, authorization });
process.once('disconnect', () => void stop().finally(() => process.exit(0)));

async function bare() {
  const server = new Server();
  server.addService(StackGraphServiceService, { getStack: (_call, answer) => answer(null, ANSWER) });
  const port = await new Promise((resolve, reject) => server.bindAsync('127.0.0.1:0', ServerCredentials.createInsecure(), (error, bound) => (error ? reject(error) : resolve(bound))));
  return { address: `127.0.0.1:${port}`, authorization: 'Bearer none', stop: async () => server.forceShutdown() };
}

async function ours() {
  class Stacks {
    getStack(_request, metadata) {
      if (principalOf(metadata).tenant !== OPERATOR.tenant) throw new Error('another tenant');
      return ANSWER;
    }
  }
  GrpcMethod('StackGraphService', 'getStack')(Stacks.prototype, 'getStack', Object.getOwnPropertyDescriptor(Stacks.prototype, 'getStack'));
  Controller()(Stacks);
  const service = { name: 'csfg', grpc: { 'stella.csfg.v1alpha.StackGraphService': StackGraphServiceService }, wire: () => ({ controllers: [Stacks], providers: [] }) };
  const system = await startTestRuntime([service]);
  return { address: system.runtime.grpcAddress, authorization: await system.issuer.authorization(OPERATOR, { expiresInS: 86_400 }), stop: () => system.stop() };
}
