import { parseEnvelope, parseStatement, sha256Hex } from '@stella/attestation';
import { CHECKPOINT_PATH, encodeDigestRecord, encodeTlogProof, noteKey, planAppend, TileTree, type TileReader } from '@stella/transparency-log';
import { KEYS, LOG_ORIGIN, ORGANISATION } from './installation.js';

/** A real log in memory. */
export class TestLog {
  readonly #files = new Map<string, Uint8Array>();
  readonly #indexes = new Map<string, { index: number; record: Uint8Array }>();
  #last: Promise<unknown> = Promise.resolve();

  has(payloadSha256: string): boolean {
    return this.#indexes.has(payloadSha256);
  }

  get size(): number {
    return this.#indexes.size;
  }

  append(envelope: Uint8Array): Promise<{ payloadSha256: string; record: Uint8Array; proof: Uint8Array }> {
    const done = this.#last.then(() => this.#append(envelope));
    this.#last = done.catch(() => undefined);
    return done;
  }

  async #append(envelope: Uint8Array): Promise<{ payloadSha256: string; record: Uint8Array; proof: Uint8Array }> {
    const reader: TileReader = { read: async (path) => this.#files.get(path) };
    const { payload } = parseEnvelope(envelope);
    const payloadSha256 = sha256Hex(payload);
    if (!this.#indexes.has(payloadSha256)) {
      const { predicateType, subjects } = parseStatement(payload);
      const distinct = [...new Set(subjects.map(({ sha256 }) => sha256))].sort();
      const record = encodeDigestRecord({ issuer: ORGANISATION, subjects: distinct, predicateType, payloadDigest: payloadSha256, disclosure: 'full' });
      const signer = { key: noteKey(LOG_ORIGIN, 'ed25519', KEYS.log.publicKey), signer: KEYS.log };
      const plan = await planAppend({ origin: LOG_ORIGIN, signer, reader, lastCheckpoint: this.#files.get(CHECKPOINT_PATH), entries: [record] });
      for (const { path, bytes } of [...plan.tiles, plan.checkpoint]) this.#files.set(path, bytes);
      this.#indexes.set(payloadSha256, { index: plan.firstIndex, record });
    }
    const { index, record } = this.#indexes.get(payloadSha256) ?? { index: 0, record: new Uint8Array() };
    const tree = new TileTree(reader, this.#indexes.size);
    const checkpoint = this.#files.get(CHECKPOINT_PATH) ?? new Uint8Array();
    return { payloadSha256, record, proof: encodeTlogProof({ index, inclusion: await tree.inclusionProof(index), checkpoint }) };
  }
}
