import { DomainError } from '@stella/errors';
import type { Principal } from '@stella/platform-auth';
import type { AttachedEvents, DeadLetterView, WholeDeadLetter } from '@stella/platform-events';
import type { Logger } from '@stella/platform-telemetry';
import { PAGE_SIZE_DEFAULT, PAGE_SIZE_MAX, PAYLOAD_BYTES_SHOWN } from './limits.js';

/** What there is to know of a service of this process. */
export interface OperatedService {
  readonly events: Pick<AttachedEvents, 'deadLettersOf' | 'deadLetter' | 'isDeliverable' | 'redeliver'>;
  readonly logger: Logger;
}

/** A dead letter, and whether its service could still handle it. */
export interface Found<Letter extends DeadLetterView = DeadLetterView> {
  readonly letter: Letter;
  readonly isDeliverable: boolean;
}

export interface DeadLetterPage {
  readonly found: readonly Found[];
  /** The id to go on after; undefined: there are no more. */
  readonly next: string | undefined;
}

/** The dead letters of the services of one process, each of which is known by its name. */
export class DeadLetters {
  constructor(private readonly serviceNamed: (name: string) => OperatedService | undefined) {}

  /** @param pageSize 0 means the default @throws DomainError SERVICE_NOT_HERE, PAGE_TOKEN_INVALID */
  async page(tenant: string, service: string, topic: string | undefined, after: string | undefined, pageSize: number): Promise<DeadLetterPage> {
    const { events } = this.#service(service);
    const size = Math.min(pageSize || PAGE_SIZE_DEFAULT, PAGE_SIZE_MAX);
    const letters = await events.deadLettersOf({ tenant, topic, after, limit: size + 1 });
    const shown = letters.slice(0, size);
    return { found: shown.map((letter) => ({ letter, isDeliverable: events.isDeliverable(letter) })), next: letters.length > size ? shown.at(-1)?.id : undefined };
  }

  /** @throws DomainError SERVICE_NOT_HERE, DEAD_LETTER_NOT_FOUND */
  async one(tenant: string, service: string, id: string): Promise<Found<WholeDeadLetter>> {
    const { events } = this.#service(service);
    const letter = await events.deadLetter(id, tenant, PAYLOAD_BYTES_SHOWN);
    if (letter === undefined) throw new DomainError('DEAD_LETTER_NOT_FOUND', { service, id });
    return { letter, isDeliverable: events.isDeliverable(letter) };
  }

  /** One that is no more dead is answered as it is. @throws DomainError SERVICE_NOT_HERE, DEAD_LETTER_NOT_FOUND, DEAD_LETTER_UNDELIVERABLE */
  async redeliver({ tenant, subject }: Principal, service: string, id: string): Promise<Found> {
    const { events, logger } = this.#service(service);
    const found = await this.one(tenant, service, id);
    const { letter, isDeliverable } = found;
    if (letter.state !== 'dead') return found;
    const facts = { topic: letter.event.topic, consumer: letter.consumer };
    // It would wait for ever, and hold up the later events of its key.
    if (!isDeliverable) throw new DomainError('DEAD_LETTER_UNDELIVERABLE', { service, id, ...facts });
    if (await events.redeliver(id)) logger.info({ ...facts, deadLetter: id, id: letter.event.id, by: subject, tenant }, 'a dead letter is handed out again');
    return this.one(tenant, service, id);
  }

  #service(name: string): OperatedService {
    const service = this.serviceNamed(name);
    if (service === undefined) throw new DomainError('SERVICE_NOT_HERE', { service: name });
    return service;
  }
}
