import type { MethodDefinition } from '@grpc/grpc-js';

/** How one call is made. */
export interface CallSettings {
  /** For the whole call with its retries; where it is absent, a default by the kind of call. */
  readonly timeoutMs?: number;
  readonly signal?: AbortSignal;
  /** Additional metadata, e.g. `traceparent`. */
  readonly metadata?: Readonly<Record<string, string>>;
  /** How often at most; 1 turns retries off. */
  readonly attemptsMax?: number;
}

export type Messages<T> = Iterable<T> | AsyncIterable<T>;

/** Absent members have their proto3 default; an absent `requestId` is made, and kept over retries. */
export type RequestFields<Request> = Partial<Request>;

type RequestOf<M> = M extends { requestDeserialize(bytes: Buffer): infer Request } ? Request : never;
type ResponseOf<M> = M extends { responseDeserialize(bytes: Buffer): infer Response } ? Response : never;

type Call<M> = M extends { requestStream: true }
  ? /** A function gives the messages anew for a retry; what is no function is sent once. */
    (messages: Messages<RequestOf<M>> | (() => Messages<RequestOf<M>>), settings?: CallSettings) => Promise<ResponseOf<M>>
  : M extends { responseStream: true }
    ? (request: RequestFields<RequestOf<M>>, settings?: CallSettings) => AsyncIterable<ResponseOf<M>>
    : (request: RequestFields<RequestOf<M>>, settings?: CallSettings) => Promise<ResponseOf<M>>;

/** A service's definition as promises and async iterables. */
export type Api<Definition> = { readonly [Name in keyof Definition]: Call<Definition[Name]> };

/** A method of a generated service definition; bidirectional streams do not occur in the contracts. */
export type AnyMethod = MethodDefinition<object, object>;
