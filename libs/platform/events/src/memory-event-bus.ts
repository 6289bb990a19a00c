import { randomUUID } from 'node:crypto';
import { setTimeout as delay } from 'node:timers/promises';
import { DomainError } from '@stella/errors';
import type { Tx } from '@stella/platform-database';
import { currentTraceparent } from '@stella/platform-telemetry';
import type { AttachedEvents, EventsHealth } from './attached-events.js';
import { checkDraft } from './cloud-event.js';
import type { DeadLetter } from './dead-letter.js';
import type { Event, EventDraft, EventHandler, Subscription } from './event-bus.js';
import { CONCURRENCY, pauseBefore, RETRY, type RetryPolicy, SETTLE_TIMEOUT_MS } from './limits.js';

interface Waiting {
  readonly event: Event;
  attempts: number;
  dueMs: number;
}

interface MemoryRoute {
  readonly topic: string;
  readonly group: string;
  readonly concurrency: number;
  readonly handler: EventHandler<unknown>;
}

/** A transaction that holds nothing but what is to happen after it; statements need a database. */
class MemoryTx implements Tx {
  readonly #actions: (() => void)[] = [];

  afterCommit(action: () => void): void {
    this.#actions.push(action);
  }

  async query(): Promise<never> {
    throw new Error('a transaction in memory runs no statement');
  }

  async execute(): Promise<never> {
    throw new Error('a transaction in memory runs no statement');
  }

  commit(): void {
    for (const action of this.#actions) action();
  }
}

class MemoryEvents implements AttachedEvents {
  readonly routes: MemoryRoute[] = [];
  readonly seen = new Set<string>();
  readonly waiting: (Waiting & { readonly route: MemoryRoute })[] = [];
  readonly atWork = new Map<string, MemoryRoute>();
  readonly abort = new AbortController();
  readonly dead: DeadLetter[] = [];
  running = false;

  constructor(
    readonly name: string,
    private readonly bus: MemoryEventBus,
    private readonly policy: RetryPolicy,
  ) {}

  async append(tx: Tx, draft: EventDraft): Promise<void> {
    checkDraft(draft);
    const traceparent = draft.traceparent ?? currentTraceparent();
    const event: Event = { ...draft, payload: Buffer.from(draft.payload), traceparent, id: randomUUID(), source: `/stella/${this.name}`, time: new Date() };
    tx.afterCommit(() => this.bus.deliver(event));
  }

  subscribe<P>({ topic, group = this.name, concurrency = CONCURRENCY }: Subscription, handler: EventHandler<P>): void {
    if (this.running || this.routes.some((route) => route.topic === topic && route.group === group)) throw new DomainError('EVENT_INVALID', { topic, group });
    this.routes.push({ topic, group, concurrency, handler: handler as EventHandler<unknown> });
  }

  accept(event: Event): void {
    for (const route of this.routes.filter(({ topic }) => topic === event.topic)) {
      const mark = `${route.group} ${event.source} ${event.id}`;
      if (this.seen.has(mark)) continue;
      this.seen.add(mark);
      this.waiting.push({ event, route, attempts: 0, dueMs: 0 });
    }
    this.advance();
  }

  async start(): Promise<void> {
    this.running = true;
    this.advance();
  }

  async stop(): Promise<void> {
    this.running = false;
    this.abort.abort(new Error('the consumer stops'));
    while (this.atWork.size > 0) await delay(1);
  }

  async deadLetters(limit: number): Promise<DeadLetter[]> {
    return this.dead.slice(0, limit);
  }

  async redeliver(id: string): Promise<boolean> {
    const index = this.dead.findIndex((letter) => letter.id === id);
    const [letter] = index < 0 ? [] : this.dead.splice(index, 1);
    const route = this.routes.find(({ topic, group }) => topic === letter?.event.topic && group === letter.consumer);
    if (letter === undefined || route === undefined) return false;
    this.waiting.unshift({ event: letter.event, route, attempts: 0, dueMs: 0 });
    this.advance();
    return true;
  }

  health(): EventsHealth {
    return { notReady: [], notLive: [] };
  }

  advance(): void {
    if (!this.running) return;
    const blocked = new Set(this.atWork.keys());
    for (const entry of [...this.waiting]) {
      const key = `${entry.route.group} ${entry.event.source} ${entry.event.key}`;
      if (blocked.has(key)) continue;
      blocked.add(key);
      const pauseMs = entry.dueMs - Date.now();
      if (pauseMs > 0) setTimeout(() => this.advance(), pauseMs);
      else if ([...this.atWork.values()].filter((route) => route === entry.route).length < entry.route.concurrency) void this.#handle(key, entry);
    }
  }

  async #handle(key: string, entry: Waiting & { readonly route: MemoryRoute }): Promise<void> {
    this.atWork.set(key, entry.route);
    const { handler, group } = entry.route;
    const done = () => this.waiting.splice(this.waiting.indexOf(entry), 1);
    try {
      const prepared = await handler.prepare?.(entry.event, this.abort.signal);
      const tx = new MemoryTx();
      await handler.commit(entry.event, tx, prepared);
      done();
      tx.commit();
    } catch (error) {
      entry.attempts++;
      entry.dueMs = Date.now() + pauseBefore(entry.attempts, this.policy);
      if (entry.attempts >= this.policy.attemptsMax && this.running) {
        done();
        this.dead.push({ id: randomUUID(), consumer: group, event: entry.event, attempts: entry.attempts, error: String(error), diedAt: new Date() });
      }
    } finally {
      this.atWork.delete(key);
      this.advance();
    }
  }
}

/** Events without a database, for tests of use cases and consumers; nothing survives the process. */
export class MemoryEventBus {
  readonly #attached: MemoryEvents[] = [];

  constructor(private readonly policy: RetryPolicy = RETRY) {}

  attach({ name }: { readonly name: string }): AttachedEvents {
    const events = new MemoryEvents(name, this, this.policy);
    this.#attached.push(events);
    return events;
  }

  /** What `work` appended is sent if and only if it resolves. */
  async tx<T>(work: (tx: Tx) => Promise<T>): Promise<T> {
    const tx = new MemoryTx();
    const result = await work(tx);
    tx.commit();
    return result;
  }

  deliver(event: Event): void {
    for (const attached of this.#attached) attached.accept(event);
  }

  async settle(timeoutMs = SETTLE_TIMEOUT_MS): Promise<void> {
    const deadlineMs = Date.now() + timeoutMs;
    while (this.#attached.some((events) => events.running && (events.waiting.length > 0 || events.atWork.size > 0))) {
      if (Date.now() >= deadlineMs) throw new DomainError('EVENTS_NOT_SETTLED');
      await delay(1);
    }
  }
}

