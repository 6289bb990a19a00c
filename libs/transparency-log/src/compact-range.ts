import { EMPTY_ROOT, hashChildren, type Hash } from './hashing.js';
import { half, isOdd } from './integers.js';

/**
 * The right edge of a tree: for each bit of its size that is set, the root of the perfect subtree of that many
 * leaves. It is all that appending needs, 53 hashes at most.
 */
export class CompactRange {
  private constructor(
    private count: number,
    /** Perfect subtrees from the smallest (rightmost) to the largest. */
    private readonly stack: { readonly level: number; readonly hash: Hash }[],
  ) {}

  static empty(): CompactRange {
    return new CompactRange(0, []);
  }

  /** @param roots of the perfect subtrees of a tree of this size, left (largest) to right */
  static of(size: number, roots: readonly Hash[]): CompactRange {
    const levels = perfectLevels(size);
    if (levels.length !== roots.length) throw new RangeError(`${levels.length} subtrees expected, not ${roots.length}`);
    return new CompactRange(size, levels.map((level, index) => ({ level, hash: roots[index] as Hash })).reverse());
  }

  get size(): number {
    return this.count;
  }

  clone(): CompactRange {
    return new CompactRange(this.count, [...this.stack]);
  }

  /** Appends one leaf. `visit` is told of every perfect subtree that became complete, by level and index. */
  append(leafHash: Hash, visit?: (level: number, index: number, hash: Hash) => void): void {
    let node = { level: 0, hash: leafHash };
    let index = this.count;
    visit?.(0, index, leafHash);
    while (this.stack[0]?.level === node.level) {
      const left = this.stack.shift() as { hash: Hash };
      node = { level: node.level + 1, hash: hashChildren(left.hash, node.hash) };
      index = half(index);
      visit?.(node.level, index, node.hash);
    }
    this.stack.unshift(node);
    this.count += 1;
  }

  /** RFC 6962 section 2.1: the tree's root hash. */
  root(): Hash {
    const [smallest, ...larger] = this.stack;
    if (smallest === undefined) return EMPTY_ROOT;
    return larger.reduce((right, { hash }) => hashChildren(hash, right), smallest.hash);
  }
}

/** Levels of the perfect subtrees that make up a tree, left (largest) to right. */
export function perfectLevels(size: number): number[] {
  const levels: number[] = [];
  for (let level = 0, rest = size; rest > 0; level += 1, rest = half(rest)) {
    if (isOdd(rest)) levels.unshift(level);
  }
  return levels;
}
