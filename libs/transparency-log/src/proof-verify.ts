import { DomainError } from '@stella/errors';
import { EMPTY_ROOT, equalHashes, HASH_LENGTH, hashChildren, type Hash } from './hashing.js';
import { half, isOdd, powerOfTwoFrom, requireWhole } from './integers.js';

export interface InclusionClaim {
  readonly index: number;
  readonly size: number;
  readonly leafHash: Hash;
  readonly root: Hash;
}

export interface ConsistencyClaim {
  readonly size1: number;
  readonly root1: Hash;
  readonly size2: number;
  readonly root2: Hash;
}

/** A contiguous range of leaves that a Merkle tree could have as a node (draft-ietf-plants-merkle-tree-certs). */
export interface Subtree {
  readonly start: number;
  /** First leaf after it. */
  readonly end: number;
}

/**
 * Verifies that the leaf is at this index of the tree (RFC 9162 section 2.1.3.2, RFC 6962 hashing).
 * @throws DomainError `TLOG_SIZE_OUT_OF_RANGE` or `TLOG_PROOF_INVALID`
 */
export function verifyInclusion(claim: InclusionClaim, proof: readonly Hash[]): void {
  const { index, size, leafHash, root } = claim;
  requireWhole('index', index);
  requireWhole('size', size, index + 1);
  requireHashes([leafHash, ...proof]);
  let fn = index;
  let sn = size - 1;
  let hash = leafHash;
  for (const sibling of proof) {
    if (sn === 0) return invalid('inclusion', 'too long');
    if (isOdd(fn) || fn === sn) {
      hash = hashChildren(sibling, hash);
      while (!isOdd(fn) && fn !== 0) [fn, sn] = [half(fn), half(sn)];
    } else {
      hash = hashChildren(hash, sibling);
    }
    [fn, sn] = [half(fn), half(sn)];
  }
  if (sn !== 0) return invalid('inclusion', 'too short');
  if (!equalHashes(hash, root)) return invalid('inclusion', 'another root');
}

/**
 * Verifies that the larger tree begins with all of the smaller one (RFC 9162 section 2.1.4.2, RFC 6962 hashing).
 * Nothing can be proved about an empty smaller tree, with which every tree is consistent: only size 0 to 0 passes.
 * @throws DomainError `TLOG_SIZE_OUT_OF_RANGE` or `TLOG_PROOF_INVALID`
 */
export function verifyConsistency(claim: ConsistencyClaim, proof: readonly Hash[]): void {
  const { size1, root1, size2, root2 } = claim;
  requireWhole('size1', size1);
  requireWhole('size2', size2, size1);
  requireHashes(proof);
  if (size1 > 0) return verifySubtree({ start: 0, end: size1 }, root1, size2, root2, proof);
  if (size2 > 0) return invalid('consistency', 'nothing to be consistent with');
  requireEmptyTree(root1, proof);
  requireEmptyTree(root2, proof);
}

/** Verifies inclusion of the leaf at `index` of the tree in one of its subtrees. @throws as `verifyInclusion` */
export function verifySubtreeInclusion(
  subtree: Subtree,
  index: number,
  leafHash: Hash,
  subtreeRoot: Hash,
  proof: readonly Hash[],
): void {
  requireSubtree(subtree);
  requireWhole('index', index, subtree.start);
  const claim = { index: index - subtree.start, size: subtree.end - subtree.start, leafHash, root: subtreeRoot };
  verifyInclusion(claim, proof);
}

/**
 * Verifies that a subtree is part of the tree of this size (draft-ietf-plants-merkle-tree-certs section 4.4). An empty
 * range has the empty tree's root and an empty proof.
 * @throws DomainError `TLOG_SIZE_OUT_OF_RANGE` or `TLOG_PROOF_INVALID`
 */
export function verifySubtreeConsistency(
  subtree: Subtree,
  subtreeRoot: Hash,
  size: number,
  root: Hash,
  proof: readonly Hash[],
): void {
  requireWhole('size', size, subtree.end);
  requireHashes(proof);
  if (subtree.start === subtree.end) return requireEmptyTree(subtreeRoot, proof);
  requireSubtree(subtree);
  verifySubtree(subtree, subtreeRoot, size, root, proof);
}

function verifySubtree({ start, end }: Subtree, nodeHash: Hash, size: number, root: Hash, proof: readonly Hash[]): void {
  let [fn, sn, tn] = [start, end - 1, size - 1];
  const shift = () => {
    [fn, sn, tn] = [half(fn), half(sn), half(tn)];
  };
  if (sn === tn) while (fn !== sn) shift();
  else while (fn !== sn && isOdd(sn)) shift();
  // Where the subtree is itself a node of the tree its hash is known; elsewhere the proof begins with a hash inside it.
  const [first, rest] = fn === sn ? [nodeHash, proof] : [proof[0], proof.slice(1)];
  if (first === undefined) return invalid('consistency', 'too short');
  let [fr, sr] = [first, first];
  for (const hash of rest) {
    if (tn === 0) return invalid('consistency', 'too long');
    if (isOdd(sn) || sn === tn) {
      if (fn < sn) fr = hashChildren(hash, fr);
      sr = hashChildren(hash, sr);
      while (!isOdd(sn)) shift();
    } else {
      sr = hashChildren(sr, hash);
    }
    shift();
  }
  if (tn !== 0) return invalid('consistency', 'too short');
  if (!equalHashes(fr, nodeHash) || !equalHashes(sr, root)) return invalid('consistency', 'another root');
}

/** @throws DomainError `TLOG_SIZE_OUT_OF_RANGE` unless start is a multiple of the power of two that spans the range */
export function requireSubtree({ start, end }: Subtree): void {
  requireWhole('start', start);
  requireWhole('end', end, start + 1);
  if (start % powerOfTwoFrom(end - start) !== 0) {
    throw new DomainError('TLOG_SIZE_OUT_OF_RANGE', { name: 'subtree', start: String(start), end: String(end) });
  }
}

function requireEmptyTree(root: Hash, proof: readonly Hash[]): void {
  if (proof.length > 0 || !equalHashes(root, EMPTY_ROOT)) invalid('consistency', 'the empty tree has one root and no proof');
}

function requireHashes(hashes: readonly Hash[]): void {
  if (hashes.some(({ length }) => length !== HASH_LENGTH)) invalid('hash', 'not 32 bytes');
}

function invalid(proof: string, problem: string): never {
  throw new DomainError('TLOG_PROOF_INVALID', { proof, problem });
}
