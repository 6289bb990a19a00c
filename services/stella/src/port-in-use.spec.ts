import { createServer, type AddressInfo } from 'node:net';
import { Server, ServerCredentials } from '@grpc/grpc-js';
import { portInUse } from './port-in-use.js';

const held = createServer();
beforeAll(() => new Promise<void>((resolve) => held.listen(0, '127.0.0.1', resolve)));
afterAll(() => new Promise((resolve) => held.close(resolve)));

const address = (): string => `127.0.0.1:${(held.address() as AddressInfo).port}`;

test('a port that another program holds is told as such, for HTTP and for gRPC', async () => {
  const ofHttp = await new Promise((resolve) => createServer().once('error', resolve).listen((held.address() as AddressInfo).port, '127.0.0.1'));
  const grpc = new Server();
  const ofGrpc = await new Promise((resolve) => grpc.bindAsync(address(), ServerCredentials.createInsecure(), resolve));
  grpc.forceShutdown();
  for (const error of [ofHttp, ofGrpc]) expect(portInUse(error)).toMatchObject({ reason: 'PORT_IN_USE', facts: { address: address() } });
});

test('any other failure stays what it is', () => {
  expect(portInUse(Object.assign(new Error('listen EACCES: permission denied 127.0.0.1:80'), { code: 'EACCES' }))).toBeUndefined();
  expect(portInUse(undefined)).toBeUndefined();
});
