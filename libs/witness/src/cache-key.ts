import { domainDigest } from './digest.js';

/** All that a verify result depends on. Nothing here has a default: what is not known must not be shared. */
export interface VerifyCacheKeyParts {
  readonly tenant: string;
  readonly witnessId: string;
  readonly artifactSha256: string;
  /** Libraries, loader, interpreter, configuration: every file that the run can see. */
  readonly closure: readonly { readonly path: string; readonly sha256: string }[];
  /** Digest of the capsule's image; null where the host's own files are the closure. */
  readonly imageSha256: string | null;
  readonly runnerSha256: string;
  readonly determinism: string;
  readonly isolation: string;
  /** Every other setting of the capsule. */
  readonly knobs: readonly { readonly name: string; readonly value: string }[];
  readonly canonicaliser: string;
  readonly replays: number;
  readonly kernel: string;
  readonly cpuModelClass: string;
  readonly policySha256: string;
}

/** Key of the verify-result cache, hex SHA-256; the order of closure and knobs does not matter. */
export function verifyCacheKey(parts: VerifyCacheKeyParts): string {
  const pairs = (items: readonly (readonly [string, string])[]): readonly (readonly [string, string])[] =>
    items.toSorted(([a, x], [b, y]) => (a === b ? (x < y ? -1 : Number(x > y)) : a < b ? -1 : 1));
  return domainDigest('stella/frvf/verify-result-cache/1', {
    tenant: parts.tenant,
    witnessId: parts.witnessId,
    artifactSha256: parts.artifactSha256,
    closure: pairs(parts.closure.map(({ path, sha256 }) => [path, sha256])),
    imageSha256: parts.imageSha256,
    runnerSha256: parts.runnerSha256,
    determinism: parts.determinism,
    isolation: parts.isolation,
    knobs: pairs(parts.knobs.map(({ name, value }) => [name, value])),
    canonicaliser: parts.canonicaliser,
    replays: parts.replays,
    kernel: parts.kernel,
    cpuModelClass: parts.cpuModelClass,
    policySha256: parts.policySha256,
  });
}
