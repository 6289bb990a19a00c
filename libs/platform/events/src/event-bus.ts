import type { Tx } from '@stella/platform-database';

/** What a service says has happened; CloudEvents 1.0 attributes come from it. */
export interface EventDraft {
  /** `stella.<service>.<event>.v1alpha`. */
  readonly topic: string;
  /** Whose event it is; consumers act for this tenant. */
  readonly tenant: string;
  /** The aggregate's id: events of one key and topic are handled in order. At most 1,024 bytes. */
  readonly key: string;
  /** The protobuf message; at most 1 MiB. */
  readonly payload: Uint8Array;
  /** W3C trace context; the current one where it is absent. */
  readonly traceparent?: string;
}

/** An event as its consumers get it. */
export interface Event extends EventDraft {
  /** Unique: consumers remember it, so that an effect happens once. */
  readonly id: string;
  /** `/stella/<service>`. */
  readonly source: string;
  readonly time: Date;
}

/**
 * What a consumer does with an event. `prepare` runs first, outside of any transaction, and may take minutes (it must
 * be safe to repeat); `commit` runs in a transaction with the inbox entry, so that its effect happens exactly once.
 */
export interface EventHandler<P = void> {
  prepare?(event: Event, signal: AbortSignal): Promise<P>;
  commit(event: Event, tx: Tx, prepared: P): Promise<void>;
}

export interface Subscription {
  readonly topic: string;
  /** Consumers of one group share the events; default: the service's name. */
  readonly group?: string;
  /** Keys handled at the same time; default 4. */
  readonly concurrency?: number;
}

/** What a service sees of events. */
export interface ServiceEvents {
  /** Adds the event to the outbox in the caller's transaction: it is sent if and only if that commits. */
  append(tx: Tx, draft: EventDraft): Promise<void>;
  /** To be called before the service starts; delivery begins when it has started. */
  subscribe<P>(subscription: Subscription, handler: EventHandler<P>): void;
}
