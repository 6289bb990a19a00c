/** Where a log's resources lie below `/log/`: its origin with all that a path could read otherwise made a dash. */
export function originSlug(origin: string): string {
  return origin.toLowerCase().replaceAll(/[^a-z0-9.-]+/g, '-');
}

/** The name of an organisation's cosigner key, as trust roots list it. */
export function cosignerName(organisation: string): string {
  return `${organisation}/stella/cosigner`;
}
