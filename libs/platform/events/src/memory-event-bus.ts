import { randomUUID } from 'node:crypto';
import { setTimeout as delay } from 'node:timers/promises';
import { DomainError } from '@stella/errors';
import type { Tx } from '@stella/platform-database';
import { currentTraceparent } from '@stella/platform-telemetry';
import type { AttachedEvents, EventsHealth } from './attached-events.js';
import { checkDraft } from './cloud-event.js';
import { type DeadLetter, describe } from './dead-letter.js';
import { type DeadLetterQuery, type DeadLetterState, type DeadLetterView, measure, type WholeDeadLetter } from './dead-letter-view.js';
import type { Event, EventDraft, EventHandler, Subscription } from './event-bus.js';
import { CONCURRENCY, pauseBefore, RETRY, type RetryPolicy, SETTLE_TIMEOUT_MS } from './limits.js';

interface Waiting {
  readonly event: Event;
  attempts: number;
  dueMs: number;
  firstFailedAt?: Date;
  lastFailedAt?: Date;
  error: string;
  /** What it is as a dead letter; kept when it is redelivered. */
  letter?: Letter;
}

interface Letter {
  readonly id: string;
  readonly entry: RoutedWaiting;
  state: DeadLetterState;
  redeliveries: number;
}

interface MemoryRoute {
  readonly topic: string;
  readonly group: string;
  readonly concurrency: number;
  readonly handler: EventHandler<unknown>;
}

type RoutedWaiting = Waiting & { readonly route: MemoryRoute };

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
  readonly waiting: RoutedWaiting[] = [];
  readonly atWork = new Map<string, MemoryRoute>();
  readonly abort = new AbortController();
  readonly letters: Letter[] = [];
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
      this.waiting.push({ event, route, attempts: 0, dueMs: 0, error: '' });
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
    return this.#dead().slice(0, limit).map(({ id, entry: { event, route, attempts, error, lastFailedAt } }) => ({ id, consumer: route.group, event, attempts, error, diedAt: lastFailedAt ?? new Date(0) }));
  }

  async deadLettersOf({ tenant, topic, after, limit }: DeadLetterQuery): Promise<DeadLetterView[]> {
    const start = after === undefined ? 0 : this.letters.findIndex(({ id }) => id === after) + 1;
    if (after !== undefined && start === 0) throw new DomainError('PAGE_TOKEN_INVALID');
    const wanted = this.letters.slice(start).filter(({ state, entry: { event } }) => state === 'dead' && event.tenant === tenant && (topic === undefined || event.topic === topic));
    return wanted.slice(0, limit).map(viewOf);
  }

  async deadLetter(id: string, tenant: string, bytesMax: number): Promise<WholeDeadLetter | undefined> {
    const letter = this.letters.find((one) => one.id === id && one.entry.event.tenant === tenant);
    if (letter === undefined) return undefined;
    const { payload } = letter.entry.event;
    return { ...viewOf(letter), bytes: payload.length <= bytesMax && letter.state !== 'done' ? payload : undefined };
  }

  isDeliverable({ consumer, event }: DeadLetterView): boolean {
    return this.routes.some(({ topic, group }) => topic === event.topic && group === consumer);
  }

  async redeliver(id: string): Promise<boolean> {
    const letter = this.#dead().find((one) => one.id === id);
    if (letter === undefined) return false;
    letter.state = 'waiting';
    letter.redeliveries++;
    Object.assign(letter.entry, { attempts: 0, dueMs: 0 });
    this.waiting.unshift(letter.entry);
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

  async #handle(key: string, entry: RoutedWaiting): Promise<void> {
    this.atWork.set(key, entry.route);
    const { handler } = entry.route;
    const done = () => this.waiting.splice(this.waiting.indexOf(entry), 1);
    try {
      const prepared = await handler.prepare?.(entry.event, this.abort.signal);
      const tx = new MemoryTx();
      await handler.commit(entry.event, tx, prepared);
      done();
      if (entry.letter !== undefined) entry.letter.state = 'done';
      tx.commit();
    } catch (error) {
      entry.attempts++;
      entry.dueMs = Date.now() + pauseBefore(entry.attempts, this.policy);
      entry.error = describe(error);
      entry.lastFailedAt = new Date();
      entry.firstFailedAt ??= entry.lastFailedAt;
      if (entry.attempts >= this.policy.attemptsMax && this.running) {
        done();
        this.#bury(entry);
      }
    } finally {
      this.atWork.delete(key);
      this.advance();
    }
  }

  #bury(entry: RoutedWaiting): void {
    if (entry.letter === undefined) this.letters.push((entry.letter = { id: randomUUID(), entry, state: 'dead', redeliveries: 0 }));
    else entry.letter.state = 'dead';
  }

  #dead(): Letter[] {
    return this.letters.filter(({ state }) => state === 'dead');
  }
}

function viewOf({ id, state, entry, redeliveries }: Letter): DeadLetterView {
  const { payload, ...event } = entry.event;
  const { attempts, firstFailedAt, lastFailedAt } = entry;
  const isDone = state === 'done';
  return { id, state, consumer: entry.route.group, event, payload: measure(isDone ? Buffer.alloc(0) : payload), attempts, error: isDone ? '' : entry.error, firstFailedAt, lastFailedAt, redeliveries };
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

