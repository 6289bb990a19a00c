/** `go1.20.10`, `gcc-12.2.0`, `rustc-1.95.0`: family, generation and patch release. */
export interface ToolchainVersion {
  readonly family: string;
  readonly major: number;
  readonly minor: number;
  readonly patch: number;
  readonly suffix: string;
}

const VERSION = /^(?<family>[a-z][a-z+]{0,31})-?(?<major>\d{1,6})(?:\.(?<minor>\d{1,6}))?(?:\.(?<patch>\d{1,6}))?(?<suffix>(?:rc|beta)\d{1,4})?$/;

/** Undefined for what is no release of a toolchain: a development build has no version that a claim can name. */
export function parseToolchainVersion(text: string): ToolchainVersion | undefined {
  const groups = text.length > 64 ? undefined : VERSION.exec(text)?.groups;
  if (groups === undefined) return undefined;
  return {
    family: groups.family ?? '',
    major: Number(groups.major),
    minor: Number(groups.minor ?? 0),
    patch: Number(groups.patch ?? 0),
    suffix: groups.suffix ?? '',
  };
}

export function isToolchainVersion(text: string): boolean {
  return parseToolchainVersion(text) !== undefined;
}

/** How two builds' toolchains relate; `unknown` when one of them is not known as a release. */
export type ToolchainStep = 'same' | 'patch' | 'generation' | 'unknown';

/**
 * A patch release keeps the code generator; a new major or minor one does not (for Go: the release policy, go.dev/doc/devel/release;
 * for GCC: the major number, and the minor one only to be careful). Release candidates are generations of their own.
 */
export function toolchainStep(baseline: string | undefined, candidate: string | undefined): ToolchainStep {
  if (baseline === undefined || candidate === undefined) return 'unknown';
  const from = parseToolchainVersion(baseline);
  const to = parseToolchainVersion(candidate);
  if (from === undefined || to === undefined) return 'unknown';
  if (baseline === candidate) return 'same';
  const sameGeneration = from.family === to.family && from.major === to.major && from.minor === to.minor;
  return sameGeneration && from.suffix === '' && to.suffix === '' ? 'patch' : 'generation';
}
