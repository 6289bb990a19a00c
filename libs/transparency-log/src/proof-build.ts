import { half, isOdd, requireWhole, splitPoint } from './integers.js';
import { requireSubtree, type Subtree } from './proof-verify.js';

/**
 * The ranges of leaves whose hashes make up a proof, in the order of the proof. Each is a node of the tree, so that
 * whoever stores hashes of perfect subtrees can answer it (`NodeReader`).
 */
export type ProofRanges = readonly Subtree[];

/** RFC 6962 section 2.1.1: the audit path of a leaf. @throws DomainError `TLOG_SIZE_OUT_OF_RANGE` */
export function inclusionRanges(index: number, size: number): ProofRanges {
  requireWhole('index', index);
  requireWhole('size', size, index + 1);
  const path = (start: number, end: number): Subtree[] => {
    if (end - start === 1) return [];
    const middle = start + splitPoint(end - start);
    return index < middle
      ? [...path(start, middle), { start: middle, end }]
      : [...path(middle, end), { start, end: middle }];
  };
  return path(0, size);
}

/** RFC 6962 section 2.1.2; empty when size1 is 0 or equal to size2. @throws DomainError `TLOG_SIZE_OUT_OF_RANGE` */
export function consistencyRanges(size1: number, size2: number): ProofRanges {
  requireWhole('size1', size1);
  requireWhole('size2', size2, size1);
  return size1 === 0 ? [] : subtreeRanges({ start: 0, end: size1 }, size2);
}

/** draft-ietf-plants-merkle-tree-certs section 4.4. @throws DomainError `TLOG_SIZE_OUT_OF_RANGE` */
export function subtreeConsistencyRanges(subtree: Subtree, size: number): ProofRanges {
  requireSubtree(subtree);
  requireWhole('size', size, subtree.end);
  return subtreeRanges(subtree, size);
}

function subtreeRanges(subtree: Subtree, size: number): ProofRanges {
  const path = (start: number, end: number, wanted: Subtree, known: boolean): Subtree[] => {
    if (wanted.start === start && wanted.end === end) return known ? [] : [{ start, end }];
    const middle = start + splitPoint(end - start);
    if (wanted.end <= middle) return [...path(start, middle, wanted, known), { start: middle, end }];
    if (wanted.start >= middle) return [...path(middle, end, wanted, known), { start, end: middle }];
    return [...path(middle, end, { start: middle, end: wanted.end }, false), { start, end: middle }];
  };
  return path(0, size, subtree, true);
}

/** A perfect subtree: the node at `index` of the level that has one node for 2^level leaves. */
export interface NodeId {
  readonly level: number;
  readonly index: number;
}

/** The perfect subtrees that make up a range which is a node of the tree, left to right. */
export function perfectNodes({ start, end }: Subtree): NodeId[] {
  const nodes: NodeId[] = [];
  let at = start;
  while (at < end) {
    let [level, width, index] = [0, 1, at];
    while (!isOdd(index) && at + width * 2 <= end) [level, width, index] = [level + 1, width * 2, half(index)];
    nodes.push({ level, index });
    at += width;
  }
  return nodes;
}
