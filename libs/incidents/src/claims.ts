/** By incident id. */
export const CLAIMS: Readonly<Record<string, readonly string[]>> = {};
