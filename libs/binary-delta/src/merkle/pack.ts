import { DomainError } from '@stella/errors';
import { LIMITS } from '../limits.js';
import { HASH_BYTES } from './hash.js';
import { MerkleSet, NOTHING } from './merkle-set.js';

const MAGIC = Buffer.from('STLAIDX1');
const HEAD_BYTES = MAGIC.length + 16;

/**
 * A set as one blob, little-endian: magic, u32 units, u32 inner nodes, u64 leaf bytes; sums (f64), leaf ends (f64),
 * children (i32, two a node), keys, leaf values, node values, leaf bytes. It is a cache of a lift, to be kept under its digest:
 * unpacking hashes nothing but the root, so it trusts the blob.
 */
export function packSet(set: MerkleSet): Buffer {
  const { leaves, leafEnds, keys, leafValues, sums, children, nodeValues } = set.tables;
  const head = Buffer.alloc(HEAD_BYTES);
  MAGIC.copy(head);
  head.writeUInt32LE(leafEnds.length, MAGIC.length);
  head.writeUInt32LE(children.length / 2, MAGIC.length + 4);
  head.writeBigUInt64LE(BigInt(leaves.length), MAGIC.length + 8);
  const tables = [sums, leafEnds, children].map((table) => Buffer.from(table.buffer, table.byteOffset, table.byteLength));
  return Buffer.concat([head, ...tables, keys, leafValues, nodeValues, leaves]);
}

/** A set from a blob, every place in it checked. @throws INDEX_INVALID when the blob is not one that packSet wrote */
export function unpackSet(blob: Buffer): MerkleSet {
  const set = openSet(blob);
  const { leaves, leafEnds, children } = set.tables;
  let start = 0;
  for (const end of leafEnds) {
    if (!(end >= start && end <= leaves.length && Number.isInteger(end))) throw invalid('a unit lies outside');
    start = end;
  }
  if (start !== leaves.length) throw invalid('bytes belong to no unit');
  children.forEach((ref, index) => {
    const isBelow = ref === NOTHING || (ref < 0 ? -1 - ref < set.size : ref < index >> 1);
    if (!isBelow) throw invalid('a node refers to none');
  });
  return set;
}

/**
 * A view of a blob at no cost: only its sizes are checked. Its root and sums are those of the topmost node; what hangs
 * below is for `unpackSet` and `spotCheck` to look at.
 * @throws INDEX_INVALID
 */
export function openSet(blob: Buffer): MerkleSet {
  if (blob.length < HEAD_BYTES || !blob.subarray(0, MAGIC.length).equals(MAGIC)) throw invalid('not an index');
  const units = blob.readUInt32LE(MAGIC.length);
  const nodes = blob.readUInt32LE(MAGIC.length + 4);
  const leafBytesTotal = Number(blob.readBigUInt64LE(MAGIC.length + 8));
  if (units > LIMITS.unitsMax || nodes > units * 2 + 2 * 256) throw invalid('too many units or nodes');
  const sizes = [32 * (units + nodes), 8 * units, 8 * nodes, HASH_BYTES * units, HASH_BYTES * units, HASH_BYTES * nodes, leafBytesTotal];
  if (sizes.reduce((sum, size) => sum + size, HEAD_BYTES) !== blob.length) throw invalid('its size is wrong');
  let at = HEAD_BYTES;
  const parts = sizes.map((size) => blob.subarray(at, (at += size)));
  const [sums, ends, children, keys, leafValues, nodeValues, leaves] = parts as [Buffer, Buffer, Buffer, Buffer, Buffer, Buffer, Buffer];
  return new MerkleSet({ leaves, leafEnds: numbers(Float64Array, ends), keys, leafValues, sums: numbers(Float64Array, sums), children: numbers(Int32Array, children), nodeValues });
}

type Table<T> = new (memory: ArrayBufferLike, offset: number, length: number) => T;

/** The numbers where they are; a copy of them where their place in memory is no multiple of their size. */
function numbers<T>(Numbers: Table<T> & { readonly BYTES_PER_ELEMENT: number }, bytes: Buffer): T {
  const length = bytes.length / Numbers.BYTES_PER_ELEMENT;
  if (bytes.byteOffset % Numbers.BYTES_PER_ELEMENT === 0) return new Numbers(bytes.buffer, bytes.byteOffset, length);
  return new Numbers(new Uint8Array(bytes).buffer, 0, length);
}

function invalid(why: string): DomainError {
  return new DomainError('INDEX_INVALID', { why });
}
