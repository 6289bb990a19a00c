import { distinctiveIds } from './build-claim.js';
import type { Audience, FileRole } from './pack.js';

/** A published file of a build, as the hot path needs it. */
export interface BuildFile {
  readonly pack: string;
  readonly path: string;
  readonly sha256: string;
  readonly sizeBytes: number;
  readonly format: string;
  readonly role: FileRole;
  readonly gnuBuildId: string | undefined;
  readonly goBuildId: string | undefined;
  readonly hasDebugInfo: boolean;
}

export type BuildFileKind = 'executable' | 'debuginfo';

/** All published files of one build, at most one of a role: what publishing makes sure of. */
export type Build = readonly BuildFile[];

/**
 * Which published files a build id has. One table an audience, so that being entitled is part of the look-up: a tenant's
 * own packs come first, then the public ones.
 */
export class BuildIndex {
  readonly #tables = new Map<Audience, Map<string, Build>>();

  add(audience: Audience, file: BuildFile): void {
    let table = this.#tables.get(audience);
    if (!table) this.#tables.set(audience, (table = new Map()));
    for (const { kind, value } of distinctiveIds(file)) addTo(table, kind === 'gnu-build-id' ? gnuKey(value) : goKey(value), file);
  }

  /** @param id a GNU build id in hexadecimal, or a Go build id; @param tenant whose own packs count too; absent: nobody's */
  find(id: string, tenant?: string): Build | undefined {
    const own = tenant === undefined ? undefined : this.#tables.get(`tenant:${tenant}`);
    return own?.get(gnuKey(id)) ?? own?.get(goKey(id)) ?? this.findPublic(id);
  }

  findPublic(id: string): Build | undefined {
    const table = this.#tables.get('public');
    return table?.get(gnuKey(id)) ?? table?.get(goKey(id));
  }

  /** Build ids, of all audiences. */
  get size(): number {
    return [...this.#tables.values()].reduce((sum, { size }) => sum + size, 0);
  }
}

/** A file with both roles stands in where no file has the role alone. */
export function fileOf(build: Build, kind: BuildFileKind): BuildFile | undefined {
  const exact = build.find(({ role }) => role === kind);
  const whole = build.find(({ role, hasDebugInfo }) => role === 'full' && (kind === 'executable' || hasDebugInfo));
  return exact ?? whole;
}

function addTo(table: Map<string, Build>, key: string, file: BuildFile): void {
  const before = table.get(key) ?? [];
  if (!before.some(({ role }) => role === file.role)) table.set(key, [...before, file]);
}

// The two kinds of ids have no common form: a Go build id has slashes.
const gnuKey = (id: string): string => id.toLowerCase();
const goKey = (id: string): string => id;
