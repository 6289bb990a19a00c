import { parseEnvelope, parseStatement, sha256Hex, type Signer } from '@stella/attestation';
import { encodeDigestRecord, encodeTlogProof, noteKey, overlay, planAppend, TileTree, type TileReader } from '@stella/transparency-log';
import type { EvidenceItem } from '../../src/index.js';
import { LOG_ORIGIN, PAIRS } from './keys.js';

const EMPTY: TileReader = { read: () => Promise.resolve(undefined) };

/** Appends digest records of all envelopes to a new log, and gives each its offline proof. */
export async function logged(envelopes: readonly Uint8Array[], signer: Signer = PAIRS.log): Promise<{ items: EvidenceItem[]; size: number }> {
  const records = envelopes.map((envelope) => {
    const { payload } = parseEnvelope(envelope);
    const { predicateType, subjects } = parseStatement(payload);
    return encodeDigestRecord({ issuer: 'acme', subjects: subjects.map(({ sha256 }) => sha256), predicateType, payloadDigest: sha256Hex(payload), disclosure: 'full' });
  });
  const key = noteKey(LOG_ORIGIN, 'ed25519', signer.publicKey);
  const plan = await planAppend({ origin: LOG_ORIGIN, signer: { key, signer }, reader: EMPTY, lastCheckpoint: undefined, entries: records });
  const tree = new TileTree(overlay(plan.tiles, EMPTY), plan.tree.size);
  const items = await Promise.all(
    envelopes.map(async (envelope, index) => {
      const proof = encodeTlogProof({ index, inclusion: await tree.inclusionProof(index), checkpoint: plan.checkpoint.bytes });
      return { envelope, log: { record: records[index] ?? new Uint8Array(), proof } };
    }),
  );
  return { items, size: plan.tree.size };
}
