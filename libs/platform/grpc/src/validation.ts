import { createFileRegistry, type DescMessage, fromBinary, type Message } from '@bufbuild/protobuf';
import { FileDescriptorSetSchema } from '@bufbuild/protobuf/wkt';
import { createValidator } from '@bufbuild/protovalidate';
import type { ServiceDefinition } from '@grpc/grpc-js';
import { DomainError } from '@stella/errors';
import { matchesPattern } from './patterns.js';
import { badRequest, type StatusParts, statusOf } from './status.js';

const PROBLEM_CHARS_MAX = 200;

/** What is wrong with a request message of the method at a path; undefined: nothing, or the method is not one of ours. */
export type RequestRules = (path: string, message: object) => StatusParts | undefined;

/**
 * Holds every request message, streamed ones too, against its `buf.validate` rules before a handler sees it. The rules
 * run on the descriptor set, thus on bytes: those that are made of the message again, and not those that came. Two readers
 * may understand the same bytes in two ways, and it is the handler's that counts.
 */
export function requestRules(descriptorSet: Uint8Array, services: readonly ServiceDefinition[]): RequestRules {
  const registry = createFileRegistry(fromBinary(FileDescriptorSetSchema, descriptorSet));
  const validator = createValidator({ registry, regexMatch: matchesPattern });
  const requests = new Map<string, { desc: DescMessage; encode: (value: never) => Buffer }>();
  for (const method of services.flatMap((service) => Object.values(service))) {
    const [, service = '', name] = method.path.split('/');
    const desc = registry.getService(service)?.methods.find((m) => m.name === name)?.input;
    if (!desc) throw new Error(`no descriptor for ${method.path}`);
    requests.set(method.path, { desc, encode: method.requestSerialize as (value: never) => Buffer });
  }
  return (path, message) => {
    const request = requests.get(path);
    if (request === undefined) return undefined;
    let read: Message;
    try {
      read = fromBinary(request.desc, request.encode(message as never));
    } catch (error) {
      // A time or a number that the contract's types cannot hold.
      return statusOf(new DomainError('REQUEST_INVALID', { fields: '', problem: (error as Error).message.slice(0, PROBLEM_CHARS_MAX) }));
    }
    const result = validator.validate(request.desc, read);
    if (result.kind === 'valid') return undefined;
    // A rule that cannot be evaluated is no pass.
    if (result.kind === 'error') return statusOf(result.error);
    return badRequest(result.violations.map((v) => ({ field: fieldPath(v.field), description: v.message })));
  };
}

function fieldPath(path: readonly { readonly kind: string; readonly name?: string }[]): string {
  return path.map((element) => element.name ?? element.kind).join('.');
}
