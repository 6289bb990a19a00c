/** What a lift says about the file before its units. */
export interface LiftHeader {
  readonly format: string;
  readonly arch: string;
  readonly ruleset: string;
  readonly [member: string]: unknown;
}

/** Facts of a unit that move with the layout and so are not in its leaf. */
export interface LiftSide {
  readonly id: string;
  readonly e0?: string;
  readonly e2?: string;
  readonly [member: string]: unknown;
}

/** Totals; the sums that the leaves must meet. */
export interface LiftEnd {
  readonly units: number;
  readonly [member: string]: unknown;
}

export type LiftFrame =
  | { readonly kind: 'header'; readonly header: LiftHeader }
  /** `bytes` is the canonical JSON of a leaf: exactly what is hashed. */
  | { readonly kind: 'unit'; readonly bytes: Buffer }
  | { readonly kind: 'side'; readonly sides: readonly LiftSide[] }
  | { readonly kind: 'end'; readonly end: LiftEnd };
