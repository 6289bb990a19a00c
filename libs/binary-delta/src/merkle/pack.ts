import { DomainError } from '@stella/errors';
import { LIMITS } from '../limits.js';
import { HASH_BYTES } from './hash.js';
import { MerkleSet } from './merkle-set.js';

const MAGIC = Buffer.from('STLAIDX1');
const HEAD_BYTES = MAGIC.length + 16;

/**
 * A set as one blob, little-endian: magic, u32 units, u32 inner nodes, u64 leaf bytes; sums (f64), leaf ends (f64),
 * children (i32, two a node), keys, leaf values, node values, leaf bytes. It is a cache of a lift, to be kept under its digest:
 * unpacking hashes nothing, so it trusts the blob.
 */
export function packSet(set: MerkleSet): Buffer {
  const { leafBytes, keys, leafValues, sums, children, nodeValues } = set.tables;
  const ends = new Float64Array(leafBytes.length);
  let end = 0;
  leafBytes.forEach((bytes, rank) => {
    end += bytes.length;
    ends[rank] = end;
  });
  const head = Buffer.alloc(HEAD_BYTES);
  MAGIC.copy(head);
  head.writeUInt32LE(leafBytes.length, MAGIC.length);
  head.writeUInt32LE(children.length / 2, MAGIC.length + 4);
  head.writeBigUInt64LE(BigInt(end), MAGIC.length + 8);
  const tables = [sums, ends, children].map((table) => Buffer.from(table.buffer, table.byteOffset, table.byteLength));
  return Buffer.concat([head, ...tables, keys, leafValues, nodeValues, ...leafBytes]);
}

/** @throws INDEX_INVALID when the blob is not one that packSet wrote */
export function unpackSet(blob: Buffer): MerkleSet {
  if (blob.length < HEAD_BYTES || !blob.subarray(0, MAGIC.length).equals(MAGIC)) throw invalid('not an index');
  const units = blob.readUInt32LE(MAGIC.length);
  const nodes = blob.readUInt32LE(MAGIC.length + 4);
  const leafBytesTotal = Number(blob.readBigUInt64LE(MAGIC.length + 8));
  if (units > LIMITS.unitsMax || nodes > units * 2 + 2 * 256) throw invalid('too many units or nodes');
  const sizes = [32 * (units + nodes), 8 * units, 8 * nodes, HASH_BYTES * units, HASH_BYTES * units, HASH_BYTES * nodes];
  const tablesBytes = sizes.reduce((sum, size) => sum + size, HEAD_BYTES);
  if (tablesBytes + leafBytesTotal !== blob.length) throw invalid('its size is wrong');
  let at = HEAD_BYTES;
  const parts = sizes.map((size) => blob.subarray(at, (at += size)));
  const [sums, ends, children, keys, leafValues, nodeValues] = parts as [Buffer, Buffer, Buffer, Buffer, Buffer, Buffer];
  const leafEnds = new Float64Array(aligned(ends));
  const leafBytes: Buffer[] = [];
  let start = tablesBytes;
  for (const end of leafEnds) {
    const stop = tablesBytes + end;
    if (!(stop >= start && stop <= blob.length)) throw invalid('a unit lies outside');
    leafBytes.push(blob.subarray(start, stop));
    start = stop;
  }
  if (start !== blob.length) throw invalid('bytes belong to no unit');
  const refs = new Int32Array(aligned(children));
  refs.forEach((ref, index) => {
    const isBelow = ref === 0x7fff_ffff || (ref < 0 ? -1 - ref < units : ref < index >> 1);
    if (!isBelow) throw invalid('a node refers to none');
  });
  return new MerkleSet({ leafBytes, keys, leafValues, sums: new Float64Array(aligned(sums)), children: refs, nodeValues });
}

/** A copy whose memory starts at a multiple of eight. */
function aligned(bytes: Buffer): ArrayBuffer {
  return new Uint8Array(bytes).buffer;
}

function invalid(why: string): DomainError {
  return new DomainError('INDEX_INVALID', { why });
}
