import type { ServiceDefinition } from '@grpc/grpc-js';

/**
 * The bytes that request messages were read from. An interceptor sees messages only, and whoever wants the bytes would
 * have to make them again.
 */
export class RequestBytes {
  readonly #of = new WeakMap<object, Buffer>();

  /** The same definitions, of whose requests the bytes are kept. */
  watched(services: Readonly<Record<string, ServiceDefinition>>): Record<string, ServiceDefinition> {
    return Object.fromEntries(Object.entries(services).map(([name, service]) => [name, this.#watch(service)]));
  }

  /** Once: a message that a handler holds on to does not hold its bytes. */
  take(message: object): Buffer | undefined {
    const bytes = this.#of.get(message);
    this.#of.delete(message);
    return bytes;
  }

  #watch(service: ServiceDefinition): ServiceDefinition {
    const methods = Object.entries(service).map(([name, method]) => {
      const requestDeserialize = (bytes: Buffer): object => {
        const message = method.requestDeserialize(bytes) as object;
        this.#of.set(message, bytes);
        return message;
      };
      return [name, { ...method, requestDeserialize }];
    });
    return Object.fromEntries(methods) as ServiceDefinition;
  }
}
