import { status as grpcStatus } from '@grpc/grpc-js';
import { status } from './status.js';

test('the codes are those of grpc-js, all of them', () => {
  expect(status).toEqual(Object.fromEntries(Object.entries(grpcStatus).filter(([name]) => Number.isNaN(Number(name)))));
});
