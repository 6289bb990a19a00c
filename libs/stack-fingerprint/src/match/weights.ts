/** Pseudo-traces that keep a small corpus from calling its every function common. */
const PRIOR_TRACES = 1_000;

/** FaST's parameters: decay by position, by document frequency in per cent, and by difference of positions. */
export const alignmentParameters = { alpha: 0.5, beta: 0.3, gamma: 0.05 } as const;

/** How rare a term is among the traces, above 0. */
export function inverseFrequency(documents: number, corpusSize: number): number {
  return Math.log1p((corpusSize + PRIOR_TRACES) / (documents + 1));
}

/** FaST's global weight of a function, 0 to 1, by the share of traces that it is in. */
export function globalWeight(documents: number, corpusSize: number): number {
  const perCent = (100 * documents) / (corpusSize + PRIOR_TRACES);
  return Math.max(Math.exp(-alignmentParameters.beta * perCent), 1e-6);
}

/** FaST's local weight: the innermost frames say most. `position` counts from 0. */
export function localWeight(position: number): number {
  return (position + 1) ** -alignmentParameters.alpha;
}
