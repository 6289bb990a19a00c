import type { ToolchainFacts } from '@stella/binary-delta';

/** What a file says about its own making; none of it is proved. */
export interface HeaderFacts {
  readonly toolchain: { readonly name: string; readonly version: string };
  readonly gnuBuildId: string | null;
  readonly goBuildId: string | null;
  readonly goBuildInfo: {
    readonly goVersion: string;
    readonly main: { readonly path: string } | null;
    readonly dependencies: readonly { readonly path: string }[];
  } | null;
}

/** @param charsMax every text is cut to it: a hostile file chooses its own words */
export function toolchainFacts(header: HeaderFacts, charsMax: number): ToolchainFacts {
  const said = (text: string | null | undefined): string => (text ?? '').slice(0, charsMax).toWellFormed();
  return {
    name: said(header.toolchain.name),
    version: said(header.toolchain.version),
    gnuBuildId: said(header.gnuBuildId),
    goBuildId: said(header.goBuildId),
    goVersion: said(header.goBuildInfo?.goVersion),
    mainModule: said(header.goBuildInfo?.main?.path),
  };
}

export function modulePaths({ goBuildInfo }: HeaderFacts, charsMax: number): string[] {
  const modules = goBuildInfo === null ? [] : [goBuildInfo.main, ...goBuildInfo.dependencies];
  const paths = modules.map((module) => (module?.path ?? '').slice(0, charsMax).toWellFormed());
  return [...new Set(paths.filter((path) => path !== ''))].sort();
}
