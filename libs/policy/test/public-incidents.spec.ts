import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { incidentById, resolveRelease } from '@stella/incidents';
import { claimResults, parseClaim, presetDocument } from '../src/index.js';
import type { DeltaView } from '../src/index.js';
import { nativeIsHere } from '@stella/native/testing';
import { cover, deltaView, liftFile, unexplainedIds } from './support/lifted-delta.js';

const describeHere = nativeIsHere('claims of public incidents') ? describe : describe.skip;
const SIXTY_SECONDS_MS = 60_000;
const ESBUILD = 'github.com/evanw/esbuild';

async function view(id: string): Promise<DeltaView> {
  const { bad, good } = incidentById(id);
  const paths = await Promise.all([bad, good].map((release) => resolveRelease(release, { cacheDir: join(tmpdir(), 'stella-test-incidents') })));
  const [before, after] = await Promise.all(paths.map(({ program }) => liftFile(program)));
  if (before === undefined || after === undefined) throw new Error('two releases are lifted');
  return deltaView(before, after);
}

const DAY_MS = 86_400_000;
const { limits } = presetDocument('fast-patch', { version: 1, issuedAt: new Date(0), expiresAt: new Date(DAY_MS) });

describeHere.each(['esbuild-3205', 'esbuild-3551', 'esbuild-3052', 'esbuild-2991'])('%s', (id) => {
  const { claims } = incidentById(id);
  let delta: DeltaView;
  beforeAll(async () => {
    delta = await view(id);
  }, SIXTY_SECONDS_MS);

  test('the claims leave nothing unexplained, and each of them is proved', () => {
    const stated = claims.map(parseClaim);
    const coverage = cover(delta, claims);
    expect(unexplainedIds(delta, claims)).toEqual([]);
    const results = claimResults(stated, delta, coverage, undefined).filter(({ claim }) => claim.kind !== 'fixes_incident');
    expect(results.filter(({ state }) => state !== 'proved')).toEqual([]);
  });

  test('they are narrow', () => {
    const coverage = cover(delta, claims);
    const narrow = coverage.breadthPpm.filter((_, index) => index !== coverage.toolchainClaimProved);
    expect(Math.max(...narrow)).toBeLessThan(limits.claim_breadth_ppm_max);
    expect(coverage.breadthUnionPpm).toBeLessThan(limits.claim_breadth_union_ppm_max);
  });

  test('none of them can be left out, unless another one says the same', () => {
    const spare = claims.filter((left, index) => left !== `fixes incident ${id}` && unexplainedIds(delta, claims.filter((_, other) => other !== index)).length === 0);
    // A closure that its method's claim holds, too.
    expect(spare).toEqual(id === 'esbuild-3052' ? ['changes internal/resolver.resolverQuery.parseTSConfig.func1', 'changes internal/resolver.resolverQuery.parseTSConfig.func1.1', 'changes internal/resolver.resolverQuery.parseTSConfig.func1.2'] : id === 'esbuild-3551' ? ['changes internal/js_parser.(*parser).visitExprInOut.func3'] : []);
  });

  test('a claim on everything covers it, and is too broad for the preset', () => {
    const broad = [...claims.filter((claim) => claim.startsWith('toolchain')), 'changes **'];
    const coverage = cover(delta, broad);
    expect(coverage.breadthPpm.at(-1)).toBeGreaterThan(limits.claim_breadth_ppm_max);
    expect(coverage.breadthUnionPpm).toBeGreaterThan(limits.claim_breadth_union_ppm_max);
  });
});

describeHere('what claims leave out is named', () => {
  test('a missing claim: its function, and the data that it brought', async () => {
    const { claims } = incidentById('esbuild-3205');
    const without = claims.filter((claim) => !claim.endsWith('.parseTypeScriptEnumStmt'));
    expect(unexplainedIds(await view('esbuild-3205'), without)).toContain(`fn:${ESBUILD}/internal/js_parser.(*parser).parseTypeScriptEnumStmt`);
  }, SIXTY_SECONDS_MS);

  test('esbuild-2892: another generation of the compiler is explained by no claim on it', async () => {
    const delta = await view('esbuild-2892');
    const { toolchain: from } = delta.baseline;
    const { toolchain: to } = delta.candidate;
    const coverage = cover(delta, [`toolchain ${from ?? ''} -> ${to ?? ''}`]);
    expect(coverage.toolchain).not.toBe('patch');
    expect(coverage.unexplained.filter(({ unit }) => unit.kind === 'function').length).toBeGreaterThan(1000);
  }, SIXTY_SECONDS_MS);

  test('Lua 5.4.0 to 5.4.4: hundreds of functions, by their names', async () => {
    const ids = unexplainedIds(await view('lua-CVE-2020-24370'), ['changes luaG_runerror']);
    expect(ids.filter((id) => id.startsWith('fn')).length).toBeGreaterThan(100);
  }, 4 * SIXTY_SECONDS_MS);
});
