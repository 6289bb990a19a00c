import type { ChangedUnit, DeltaView, UnitChange, UnitKind, UnitSide } from '../../src/delta/delta-view.js';

export const MODULE = 'example.org/app';

interface SideOptions {
  readonly refs?: readonly string[];
  readonly nameOrigin?: UnitSide['nameOrigin'];
}

export function side(id: string, name: string, { refs = [], nameOrigin = 'artifact' }: SideOptions = {}): UnitSide {
  return { id, name, nameOrigin, refs };
}

/** A changed unit of a test; `sides` says where it exists. */
export function unit(kind: UnitKind, change: UnitChange, name: string, options: SideOptions & { readonly candidateRefs?: readonly string[] } = {}): ChangedUnit {
  const id = kind === 'function' ? `fn:${name}` : name;
  const baseline = change === 'added' ? undefined : side(id, name, options);
  const candidate = change === 'removed' ? undefined : side(id, name, { ...options, ...(options.candidateRefs && { refs: options.candidateRefs }) });
  return { kind, change, ...(baseline && { baseline }), ...(candidate && { candidate }) };
}

export function fn(name: string, change: UnitChange = 'semantic', options: SideOptions & { readonly candidateRefs?: readonly string[] } = {}): ChangedUnit {
  return unit('function', change, name, options);
}

export const BASELINE_FUNCTIONS = [
  'main.main',
  'runtime.mallocgc',
  'strings.Cut',
  ...['parse', 'scan', 'fold', 'emit'].map((name) => `${MODULE}/parser.(*parser).${name}`),
  `${MODULE}/parser.New`,
  `${MODULE}/printer.Print`,
  `${MODULE}/printer.Flush`,
];

export function view(changes: readonly ChangedUnit[], options: Partial<DeltaView> = {}): DeltaView {
  const build = { toolchain: 'go1.20.10', language: 'go', modulePath: MODULE, modulePaths: [MODULE] } as const;
  return { baseline: build, candidate: build, changes, baselineFunctions: BASELINE_FUNCTIONS, ...options };
}
