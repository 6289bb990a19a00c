import { EventEmitter } from 'node:events';
import type { Kafka } from 'kafkajs';

const EVENTS = { CRASH: 'crash', GROUP_JOIN: 'group_join', HEARTBEAT: 'heartbeat', CONNECT: 'connect', START_BATCH_PROCESS: 'start', END_BATCH_PROCESS: 'end', FETCH_START: 'fetch_start', FETCH: 'fetch' };

/** A consumer of kafkajs whose life the test decides about. */
export class FakeConsumer {
  readonly events = EVENTS;
  readonly log: string[] = [];
  readonly #emitter = new EventEmitter();
  connects: Promise<void> = Promise.resolve();
  /** What happens once it runs. */
  onRun: (consumer: FakeConsumer) => void = () => undefined;

  on(name: string, listener: (event: { payload: unknown }) => void): void {
    this.#emitter.on(name, listener);
  }

  emit(name: keyof typeof EVENTS, payload: unknown = {}): void {
    this.#emitter.emit(EVENTS[name], { payload });
  }

  async connect(): Promise<void> {
    this.log.push('connect');
    await this.connects;
  }

  async subscribe({ topics }: { topics: string[] }): Promise<void> {
    this.log.push(`subscribe ${topics.join()}`);
  }

  async run(): Promise<void> {
    this.log.push('run');
    this.onRun(this);
  }

  async disconnect(): Promise<void> {
    this.log.push('disconnect');
  }
}

/** `make` is asked for each consumer. `topics`: what the brokers have. */
export function kafkaOf(make: () => FakeConsumer, topics: () => readonly string[] = () => []): { kafka: Kafka; made: FakeConsumer[] } {
  const made: FakeConsumer[] = [];
  const kafka = {
    consumer() {
      const consumer = make();
      made.push(consumer);
      return consumer;
    },
    admin: () => ({ connect: async () => undefined, disconnect: async () => undefined, listTopics: async () => [...topics()] }),
  };
  return { kafka: kafka as unknown as Kafka, made };
}
