import { type Incident, INCIDENTS, type ReleaseName } from '@stella/incidents';

/** `540.0.0` of the crate carries Lua 5.4.0, which is what people call it. */
function luaVersion(crateVersion: string): string {
  return [...(crateVersion.split('.')[0] ?? '')].join('.');
}

/** A release as people name it: the version of the program, not of what carries it. */
export function releaseLabel({ program, version }: ReleaseName): string {
  return `${program}@${program === 'lua' ? luaVersion(version) : version}`;
}

/** What a public incident is, in one line. */
export function incidentTitle({ bad, good }: Pick<Incident, 'bad' | 'good'>): string {
  return `${releaseLabel(bad)} fails, ${releaseLabel(good)} does not`;
}

export function knownReleases(incidents: readonly Incident[] = INCIDENTS): readonly ReleaseName[] {
  const byName = new Map(incidents.flatMap(({ bad, good }) => [bad, good]).map((release) => [release.name, release]));
  return [...byName.values()];
}

/** A known release by its name, in either form. */
export function findRelease(text: string): ReleaseName | undefined {
  return knownReleases().find((release) => release.name === text || releaseLabel(release) === text);
}

/** Package URL (ECMA-427). */
export function packageUrl({ program, version }: ReleaseName): string {
  return program === 'esbuild' ? `pkg:npm/%40esbuild/linux-x64@${version}` : `pkg:generic/lua@${luaVersion(version)}`;
}
