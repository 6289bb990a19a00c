import { createFileRegistry, type DescMessage, fromBinary } from '@bufbuild/protobuf';
import { FileDescriptorSetSchema } from '@bufbuild/protobuf/wkt';
import { createValidator } from '@bufbuild/protovalidate';
import { ServerInterceptingCall, type ServerInterceptor, type ServiceDefinition } from '@grpc/grpc-js';
import type { RequestBytes } from './request-bytes.js';
import { badRequest, statusOf } from './status.js';

/**
 * Holds every request message, streamed ones too, against its `buf.validate` rules before a handler sees it. The rules
 * run on the descriptor set, thus on the message's bytes.
 */
export function validationInterceptor(descriptorSet: Uint8Array, services: readonly ServiceDefinition[], bytes: RequestBytes): ServerInterceptor {
  const registry = createFileRegistry(fromBinary(FileDescriptorSetSchema, descriptorSet));
  const validator = createValidator({ registry });
  const requests = new Map<string, { desc: DescMessage; encode: (value: never) => Buffer }>();
  for (const method of services.flatMap((service) => Object.values(service))) {
    const [, service = '', name] = method.path.split('/');
    const desc = registry.getService(service)?.methods.find((m) => m.name === name)?.input;
    if (!desc) throw new Error(`no descriptor for ${method.path}`);
    requests.set(method.path, { desc, encode: method.requestSerialize as (value: never) => Buffer });
  }
  return (method, call) => {
    const request = requests.get(method.path);
    if (!request) return new ServerInterceptingCall(call);
    return new ServerInterceptingCall(call, {
      start(next) {
        next({
          onReceiveMessage(message: never, forward: (message: never) => void) {
            const result = validator.validate(request.desc, fromBinary(request.desc, bytes.take(message) ?? request.encode(message)));
            if (result.kind === 'valid') return forward(message);
            // A rule that cannot be evaluated is no pass.
            if (result.kind === 'error') return call.sendStatus(statusOf(result.error));
            call.sendStatus(badRequest(result.violations.map((v) => ({ field: fieldPath(v.field), description: v.message }))));
          },
        } as never);
      },
    });
  };
}

function fieldPath(path: readonly { readonly kind: string; readonly name?: string }[]): string {
  return path.map((element) => element.name ?? element.kind).join('.');
}
