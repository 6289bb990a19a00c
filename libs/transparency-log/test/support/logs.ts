import { KeyPair } from '@stella/attestation';
import { planAppend, type AppendPlan, type LogIdentity, noteKey, type NoteSigner, type TileReader } from '../../src/index.js';

export const ORIGIN = 'acme.example/log';

/** A log in memory that persists as a real one must: tiles first, the checkpoint last. */
export class MemoryLog implements TileReader {
  readonly stored = new Map<string, Uint8Array>();
  readonly reads: string[] = [];

  constructor(
    readonly signer: NoteSigner = logSigner(),
    readonly origin = ORIGIN,
  ) {}

  get identity(): LogIdentity {
    return { origin: this.origin, keys: [this.signer.key] };
  }

  get checkpoint(): Uint8Array {
    return this.stored.get('checkpoint') as Uint8Array;
  }

  read(path: string): Promise<Uint8Array | undefined> {
    this.reads.push(path);
    return Promise.resolve(this.stored.get(path));
  }

  plan(entries: readonly Uint8Array[]): Promise<AppendPlan> {
    const { origin, signer } = this;
    return planAppend({ origin, signer, reader: this, lastCheckpoint: this.stored.get('checkpoint'), entries });
  }

  async append(entries: readonly Uint8Array[]): Promise<AppendPlan> {
    const plan = await this.plan(entries);
    for (const { path, bytes } of [...plan.tiles, plan.checkpoint]) this.stored.set(path, bytes);
    return plan;
  }

  copy(): MemoryLog {
    const copy = new MemoryLog(this.signer, this.origin);
    for (const [path, bytes] of this.stored) copy.stored.set(path, bytes);
    return copy;
  }
}

export function logSigner(name = ORIGIN): NoteSigner {
  const signer = KeyPair.generate('ed25519');
  return { key: noteKey(name, 'ed25519', signer.publicKey), signer };
}

export function witnessSigner(name: string): NoteSigner {
  const signer = KeyPair.generate('ed25519');
  return { key: noteKey(name, 'cosignature', signer.publicKey), signer };
}

export function numbered(count: number, from = 0): Uint8Array[] {
  return Array.from({ length: count }, (_, at) => Buffer.from(`entry ${from + at}`));
}
