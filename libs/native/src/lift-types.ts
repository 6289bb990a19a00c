export interface GoModule {
  readonly path: string;
  readonly version: string;
  readonly sum?: string;
}

/** What the Go linker wrote about the build. */
export interface GoBuildInfo {
  readonly goVersion: string;
  readonly path: string;
  readonly main: GoModule | null;
  readonly dependencies: readonly GoModule[];
  readonly settings: readonly (readonly [string, string])[];
}

export interface LiftSection {
  readonly name: string;
  readonly sizeBytes: number;
  readonly allocated: boolean;
  readonly writable: boolean;
  readonly executable: boolean;
}

/** What the file says about itself. */
export interface LiftHeader {
  readonly format: string;
  readonly arch: string;
  /** Version of the normal form's rules; roots of different versions are not comparable. */
  readonly ruleset: string;
  readonly sizeBytes: number;
  readonly gnuBuildId: string | null;
  readonly goBuildId: string | null;
  readonly goBuildInfo: GoBuildInfo | null;
  /** `evidence`: the words in the file that say so. */
  readonly toolchain: { readonly name: string; readonly version: string; readonly evidence: readonly string[] };
  readonly positionDependent: boolean;
  readonly entry: string;
  readonly stripped: boolean;
  readonly sections: readonly LiftSection[];
}

/** Facts of a unit that move with the layout and so are not in its leaf; addresses are `0x` and hex. */
export interface LiftSide {
  readonly id: string;
  /** BLAKE3-256 of the raw bytes. */
  readonly e0: string;
  readonly e2?: string;
  /** E1 without what references lead to. */
  readonly shape?: string;
  /** The normal form without what variables hold at first; missing where the unit leads to none. */
  readonly code?: string;
  readonly address: string;
  readonly fileOffset?: number;
  readonly sizeBytes: number;
  readonly calls?: readonly string[];
  /** Places that no stable id names, in the order of the normal form's placeholders. */
  readonly writable?: readonly string[];
  readonly unnamed?: readonly string[];
  readonly minHash?: readonly number[];
  readonly instructions?: number;
}

/** Totals; the sums that the leaves must meet. */
export interface LiftEnd {
  readonly units: number;
  readonly functions: number;
  readonly bytesLoaded: number;
  readonly bytesCovered: number;
  readonly bytesResidual: number;
  /** Things that could not be resolved. */
  readonly residualCount: number;
  readonly undecodedBytes: number;
  readonly warnings: readonly string[];
}

/** What tells a function in any artifact; identities are lower-case hex. */
export interface LiftedFunction {
  readonly unitId: string;
  readonly name: string;
  readonly e1: string;
  readonly e2: string;
  readonly sizeBytes: number;
}

/** The totals, and what the packed index has to say itself. */
export interface IndexEnd extends LiftEnd {
  /** Of the Merkle tree over the units, lower-case hex. */
  readonly root: string;
  readonly sums: { readonly units: number; readonly sizeBytes: number; readonly unresolved: number; readonly residualBytes: number };
  readonly unitsByKind: Readonly<Record<string, number>>;
}

/** An index as it is kept. */
export interface LiftedIndex {
  readonly header: LiftHeader;
  /** In the order of the index. */
  readonly functions: readonly LiftedFunction[];
  /** The Merkle tree with its leaves, in the form of `packSet`; each blob has memory of its own. */
  readonly set: Buffer;
  /** Side records in the form of `packSides`. */
  readonly sides: Buffer;
  readonly end: IndexEnd;
}

export type LiftFrame =
  | { readonly kind: 'header'; readonly header: LiftHeader }
  /** `bytes` is the canonical JSON of a leaf: exactly what is hashed. */
  | { readonly kind: 'unit'; readonly bytes: Buffer }
  | { readonly kind: 'side'; readonly sides: readonly LiftSide[] }
  | { readonly kind: 'end'; readonly end: LiftEnd };
