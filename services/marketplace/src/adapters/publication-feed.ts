import { type Database, Notifications } from '@stella/platform-database';
import { limits } from '../limits.js';

/** Of the trigger of `0002_publications.sql`. */
const CHANNEL = 'publications';

/** Calls when any process of the service has published; and now and then, as a word may have been lost with its connection. */
export class PublicationFeed {
  readonly #notifications: Notifications;
  #timer: NodeJS.Timeout | undefined;

  constructor(
    database: Database,
    private readonly published: () => void,
  ) {
    this.#notifications = new Notifications(database, CHANNEL, published);
  }

  start(): void {
    this.#notifications.start();
    this.#timer = setInterval(() => this.published(), limits.publicationPollMs);
    this.#timer.unref();
  }

  async stop(): Promise<void> {
    clearInterval(this.#timer);
    await this.#notifications.stop();
  }
}
