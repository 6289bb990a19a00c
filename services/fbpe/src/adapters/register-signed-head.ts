import { equalHashes } from '@stella/transparency-log';
import { DomainError } from '@stella/errors';
import type { SignedHead } from '../application/ports.js';
import { limits } from '../limits.js';
import { decodeHead, encodeHead, type Head } from './signed-head-json.js';

/** One value that all processes of a node share and that changes only from a state that was seen, as S3 has it. */
export interface Register {
  read(): Promise<{ readonly bytes: Buffer; readonly etag: string } | undefined>;
  replace(bytes: Buffer, seen: { readonly bytes: Buffer; readonly etag: string } | undefined): Promise<boolean>;
}

/**
 * How far the log was signed, in a store that outlives every process and is not the database's: what a database that was
 * restored does not know stands there. It is read anew each time, as another process may have signed since.
 */
export class RegisterSignedHead implements SignedHead {
  constructor(
    private readonly register: Register,
    private readonly place: string,
  ) {}

  /** @throws DomainError `LOG_ROLLED_BACK` for what cannot be read as one, and what the store throws */
  async read(): Promise<Head | undefined> {
    const found = await this.register.read();
    return found && decodeHead(found.bytes, this.place);
  }

  /** @throws DomainError `LOG_ROLLED_BACK` where another tree of this size was signed, and what the store throws */
  async record(head: Head): Promise<void> {
    for (let attempt = 1; attempt <= limits.headAttemptsMax; attempt++) {
      const seen = await this.register.read();
      const known = seen && decodeHead(seen.bytes, this.place);
      if (known && known.size === head.size && !equalHashes(known.rootHash, head.rootHash)) {
        throw new DomainError('LOG_ROLLED_BACK', { problem: 'two trees of one size were signed', signedSize: String(head.size), place: this.place });
      }
      // Whoever signed more has seen this tree too.
      if (known && known.size >= head.size) return;
      if (await this.register.replace(encodeHead(head), seen)) return;
    }
    throw new DomainError('UNAVAILABLE', { part: 'record of what was signed', problem: 'others kept changing it', place: this.place });
  }
}
