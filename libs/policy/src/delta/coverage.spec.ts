import { parseClaim } from '../claim/parse-claim.js';
import { fn, MODULE, side, unit, view } from '../../test/support/delta-builder.js';
import { claimResults } from './claim-results.js';
import { coverDelta, describeUnexplained } from './coverage.js';
import type { ChangedUnit, DeltaView } from './delta-view.js';

const claims = (...sentences: string[]) => sentences.map((sentence) => parseClaim(sentence));

function unexplained(delta: DeltaView, ...sentences: string[]): string[] {
  return coverDelta(delta, claims(...sentences)).unexplained.map((u) => {
    const { displayName, why } = describeUnexplained(u);
    return `${displayName}: ${why}`;
  });
}

const PARSE = `${MODULE}/parser.(*parser).parse`;

describe('functions', () => {
  test('a change that is claimed is explained, another one is not', () => {
    const delta = view([fn(PARSE), fn(`${MODULE}/printer.Print`)]);
    expect(unexplained(delta, 'changes parser')).toEqual([`${MODULE}/printer.Print: NOT_CLAIMED`]);
    expect(unexplained(delta, 'changes parser', 'changes printer.Print')).toEqual([]);
  });

  test.each(['reference-only', 'immediate-drift', 'removed', 'semantic'] as const)('%s counts as changed', (change) => {
    expect(unexplained(view([fn(PARSE, change)]))).toEqual([`${PARSE}: NOT_CLAIMED`]);
  });

  test('what only moved needs no claim', () => {
    expect(unexplained(view([fn(PARSE, 'moved')]))).toEqual([]);
  });

  test('an added function is claimed by its exact name, not by its package', () => {
    const added = `${MODULE}/parser.helper`;
    const delta = view([fn(added, 'added')]);
    expect(unexplained(delta, 'changes parser')).toEqual([`${added}: ADDED_NOT_CLAIMED_BY_NAME`]);
    expect(unexplained(delta, 'changes parser.help*')).toEqual([`${added}: ADDED_NOT_CLAIMED_BY_NAME`]);
    expect(unexplained(delta, 'changes parser.helper')).toEqual([]);
  });

  test('an added closure is its function’s, if the baseline has that or the claim names it', () => {
    expect(unexplained(view([fn(`${PARSE}.func3`, 'added')]), 'changes parser')).toEqual([]);
    const orphan = `${MODULE}/parser.helper.func1`;
    expect(unexplained(view([fn(orphan, 'added')]), 'changes parser')).toEqual([`${orphan}: ADDED_NOT_CLAIMED_BY_NAME`]);
    expect(unexplained(view([fn(orphan, 'added')]), 'changes parser.helper')).toEqual([]);
  });

  test('a matched function keeps the baseline’s name: renaming it into a claimed package does not help', () => {
    const renamed: ChangedUnit = { kind: 'function', change: 'semantic', baseline: side('fn:a', `${MODULE}/printer.Print`), candidate: side('fn:b', `${MODULE}/parser.Print`) };
    expect(unexplained(view([renamed]), 'changes parser')).toEqual([`${MODULE}/printer.Print: NOT_CLAIMED`]);
    expect(unexplained(view([renamed]), 'changes printer')).toEqual([`${MODULE}/printer.Print: NOT_CLAIMED`]);
    expect(unexplained(view([renamed]), 'changes p*.Print')).toEqual([]);
  });

  test('a name that a pack brought satisfies no claim', () => {
    expect(unexplained(view([fn(PARSE, 'semantic', { nameOrigin: 'pack' })]), 'changes **')).toEqual([`${PARSE}: NO_NAME_OF_ITS_OWN`]);
  });

  test('what has no name satisfies no claim', () => {
    const nameless: ChangedUnit = { kind: 'function', change: 'semantic', baseline: side('fn#1', ''), candidate: side('fn#2', '') };
    expect(unexplained(view([nameless]), 'changes **')).toEqual([': NO_NAME_OF_ITS_OWN']);
  });
});

describe('toolchain', () => {
  const bumped = (from: string, to: string, changes: ChangedUnit[]): DeltaView => {
    const delta = view(changes);
    return { ...delta, baseline: { ...delta.baseline, toolchain: from }, candidate: { ...delta.candidate, toolchain: to } };
  };
  const changes = [fn('runtime.mallocgc'), fn('strings.newHelper', 'added'), fn(PARSE)];

  test('a patch release covers the standard library and nothing else', () => {
    expect(unexplained(bumped('go1.20.10', 'go1.20.12', changes), 'toolchain go1.20.10 -> go1.20.12')).toEqual([`${PARSE}: NOT_CLAIMED`]);
  });

  test('it has to say what both build infos say', () => {
    const delta = bumped('go1.20.10', 'go1.20.12', changes);
    expect(unexplained(delta, 'toolchain go1.20.10 -> go1.20.11')).toHaveLength(3);
    const stated = claims('toolchain go1.20.10 -> go1.20.11');
    expect(claimResults(stated, delta, coverDelta(delta, stated), undefined)[0]).toMatchObject({ state: 'refuted', detail: 'BUILD_INFO_DIFFERS' });
  });

  test('a generation is stated truly and covers nothing', () => {
    const delta = bumped('go1.19.5', 'go1.20', changes);
    const stated = claims('toolchain go1.19.5 -> go1.20');
    const coverage = coverDelta(delta, stated);
    expect(coverage.toolchain).toBe('generation');
    expect(coverage.unexplained).toHaveLength(3);
    expect(claimResults(stated, delta, coverage, undefined)[0]).toMatchObject({ state: 'proved', detail: 'OTHER_GENERATION', units: 0 });
  });

  test('an unknown toolchain proves nothing', () => {
    const delta = view(changes, { candidate: { language: 'go', modulePaths: [MODULE] } });
    const stated = claims('toolchain go1.20.10 -> go1.20.12');
    expect(claimResults(stated, delta, coverDelta(delta, stated), undefined)[0]).toMatchObject({ state: 'unproved', detail: 'TOOLCHAIN_UNKNOWN' });
  });

  test('build information follows from the same toolchain, or a patch release that is claimed', () => {
    const info = unit('metadata', 'metadata', 'section:.go.buildinfo');
    expect(unexplained(bumped('go1.20.10', 'go1.20.12', [info]), 'toolchain go1.20.10 -> go1.20.12')).toEqual([]);
    expect(unexplained(view([info]))).toEqual([]);
    expect(unexplained(bumped('go1.20.10', 'go1.20.12', [info]), 'changes parser')).toEqual(['section:.go.buildinfo: NOT_CLAIMED']);
    expect(unexplained(bumped('go1.19.1', 'go1.20', [info]), 'toolchain go1.19.1 -> go1.20')).toEqual(['section:.go.buildinfo: NOT_CLAIMED']);
  });
});

describe('data', () => {
  const refsOld = ['data:old'];
  const refsNew = ['data:new'];
  const parse = fn(PARSE, 'semantic', { refs: refsOld, candidateRefs: refsNew });
  const old = unit('data', 'removed', 'data:old');
  const fresh = unit('data', 'added', 'data:new');

  test('what only explained functions refer to is explained, on each side', () => {
    expect(unexplained(view([parse, old, fresh]), 'changes parser')).toEqual([]);
  });

  test('through other data, and in cycles', () => {
    const first = unit('data', 'added', 'data:new', { refs: ['data:inner'] });
    const inner = unit('data', 'added', 'data:inner', { refs: ['data:new'] });
    expect(unexplained(view([parse, old, first, inner]), 'changes parser')).toEqual([]);
  });

  test('an unexplained function that refers to it too takes the explanation away', () => {
    const print = fn(`${MODULE}/printer.Print`, 'semantic', { refs: [], candidateRefs: refsNew });
    expect(unexplained(view([parse, old, fresh, print]), 'changes parser')).toEqual([
      'data:new: REFERRED_TO_BY_UNEXPLAINED',
      `${MODULE}/printer.Print: NOT_CLAIMED`,
    ]);
  });

  test('data that nothing refers to is not explained', () => {
    expect(unexplained(view([parse, old, unit('data', 'added', 'data:alone')]), 'changes parser')).toEqual(['data:alone: NOT_REFERRED_TO']);
  });

  test('what changed in place is seen by unchanged code, too', () => {
    const table = unit('data', 'data-only', 'data:table');
    const user = fn(PARSE, 'semantic', { refs: ['data:table'] });
    const changes = [user, table];
    expect(unexplained(view(changes), 'changes parser')).toEqual(['data:table: REFERRERS_UNKNOWN']);
    expect(unexplained(view(changes, { unlistedReferrers: new Map([['data:table', 1]]) }), 'changes parser')).toEqual([
      'data:table: REFERRED_TO_BY_UNCHANGED',
    ]);
    expect(unexplained(view(changes, { unlistedReferrers: new Map([['data:table', 0]]) }), 'changes parser')).toEqual([]);
  });

  test('`data only` covers data when nothing else changed', () => {
    const table = unit('data', 'data-only', 'data:table');
    expect(coverDelta(view([table]), claims('data only'))).toMatchObject({ unexplained: [], dataOnlyUnits: 1 });
    expect(unexplained(view([table, fn(PARSE)]), 'data only')).toHaveLength(2);
  });
});

describe('type descriptors', () => {
  const descriptor = (name: string) => unit('data', 'data-only', name);
  test('belong to the package that their name can only mean', () => {
    expect(unexplained(view([descriptor('type:*parser.parser/0a1b2c3d')]), 'changes parser')).toEqual([]);
    expect(unexplained(view([descriptor('type:*parser.parser/0a1b2c3d')]), 'changes parser.parser')).toEqual([]);
    expect(unexplained(view([descriptor('type:*parser.parser/0a1b2c3d')]), 'changes parser.other')).toHaveLength(1);
    expect(unexplained(view([descriptor('type:*parser.parser/0a1b2c3d')]), 'changes printer')).toHaveLength(1);
  });

  test('a name that two packages share is nobody’s, until both are claimed', () => {
    const baselineFunctions = [`${MODULE}/a/parser.F`, `${MODULE}/b/parser.F`];
    const delta = view([descriptor('type:parser.T/0a1b2c3d')], { baselineFunctions });
    expect(unexplained(delta, 'changes a/parser')).toHaveLength(1);
    expect(unexplained(delta, 'changes */parser')).toEqual([]);
  });

  test('of the standard library follow its patch release', () => {
    const delta = view([descriptor('type:strings.Builder/0a1b2c3d'), descriptor('type:parser.T/0a1b2c3d')]);
    const bumped = { ...delta, candidate: { ...delta.candidate, toolchain: 'go1.20.12' } };
    expect(unexplained(bumped, 'toolchain go1.20.10 -> go1.20.12')).toEqual(['type:parser.T/0a1b2c3d: REFERRERS_UNKNOWN']);
  });
});

describe('everything else', () => {
  test('indexes and build notes follow from the rest; import tables, headers and search paths do not', () => {
    const harmless = ['go:findfunctab', 'section:.note.gnu.build-id', `lines:${MODULE}/parser`].map((id) => unit('metadata', 'metadata', id));
    const meaningful = ['section:.dynsym', 'section:.dynamic', 'section:.rela.dyn'].map((id) => unit('metadata', 'metadata', id));
    const header = unit('header', 'header', 'header:elf');
    expect(unexplained(view([...harmless, ...meaningful, header]), 'changes **')).toEqual([
      'section:.dynsym: NOT_CLAIMED',
      'section:.dynamic: NOT_CLAIMED',
      'section:.rela.dyn: NOT_CLAIMED',
      'header:elf: NOT_CLAIMED',
    ]);
    expect(unexplained(view([header]), 'changes header:elf')).toEqual([]);
  });

  test('what could not be resolved is never explained', () => {
    expect(unexplained(view([unit('residual', 'residual', 'residual:1')]), 'changes **', 'changes residual:1', 'data only')).toEqual(['residual:1: RESIDUAL']);
  });

  test('a claim on the release’s file covers it, and says so by its breadth', () => {
    const coverage = coverDelta(view([fn(PARSE)], { filePath: 'bin/app' }), claims('changes file bin/*'));
    expect(coverage).toMatchObject({ unexplained: [], breadthPpm: [1_000_000], breadthUnionPpm: 1_000_000 });
    expect(coverDelta(view([fn(PARSE)]), claims('changes file bin/*')).unexplained).toHaveLength(1);
  });

  test('breadth is a share of the baseline, whatever changed, and a union over the claims', () => {
    const coverage = coverDelta(view([fn(PARSE)]), claims('changes parser', 'changes parser.(*parser)', 'changes printer', 'changes **'));
    expect(coverage.breadthPpm).toEqual([500_000, 400_000, 200_000, 1_000_000]);
    expect(coverDelta(view([]), claims('changes parser', 'changes parser.(*parser)', 'changes printer')).breadthUnionPpm).toBe(700_000);
  });
});

describe('what became of claims', () => {
  const results = (delta: DeltaView, ...sentences: string[]) => {
    const stated = claims(...sentences);
    return claimResults(stated, delta, coverDelta(delta, stated), new Map()).map(({ state, detail }) => `${state} ${detail}`);
  };

  test('a claim of changes where nothing changed is not proved', () => {
    expect(results(view([fn(PARSE)]), 'changes parser', 'changes printer')).toEqual(['proved CHANGED', 'unproved NOTHING_CHANGED_THERE']);
  });

  test('`data only` and `no semantic change` are proved or refuted', () => {
    const table = unit('data', 'data-only', 'data:table');
    expect(results(view([table]), 'data only', 'no semantic change')).toEqual(['proved ONLY_DATA_CHANGED', 'refuted MEANING_CHANGED']);
    expect(results(view([fn(PARSE)]), 'data only', 'no semantic change')).toEqual(['refuted CODE_CHANGED', 'refuted MEANING_CHANGED']);
    expect(results(view([fn(PARSE, 'moved'), unit('metadata', 'metadata', 'go:gopclntab')]), 'no semantic change')).toEqual(['proved NOTHING_CHANGED']);
    expect(results(view([unit('residual', 'residual', 'residual:1')]), 'no semantic change')).toEqual(['refuted MEANING_CHANGED']);
  });

  test('without a delta nothing about changes is proved', () => {
    const stated = claims('changes parser', 'data only', 'fixes incident a-1');
    expect(claimResults(stated, undefined, undefined, undefined).map((r) => r.detail)).toEqual(['DELTA_UNKNOWN', 'DELTA_UNKNOWN', 'NO_WITNESS']);
  });

  test.each([
    ['fixed', 'proved'],
    ['reproduces', 'refuted'],
    ['not-in-baseline', 'unproved'],
    ['inconclusive', 'unproved'],
    ['no-witness', 'unproved'],
  ] as const)('an incident that is %s', (incident, state) => {
    expect(claimResults(claims('fixes incident a-1'), undefined, undefined, new Map([['a-1', incident]]))[0]?.state).toBe(state);
  });
});
