import { randomUUID } from 'node:crypto';
import type { AnyMethod } from '../api.js';

/** The whole message: proto3 defaults for absent members, and an id of its own for a create without one. */
export function completeRequest(method: AnyMethod, init: object): object {
  // No bytes decode to the message with every default.
  const request = method.requestDeserialize(Buffer.alloc(0)) as Record<string, unknown>;
  for (const [name, value] of Object.entries(init)) {
    if (value !== undefined) request[name] = value;
  }
  if (request['requestId'] === '') request['requestId'] = randomUUID();
  return request;
}
