import { MatchVerdict } from '@stella/contracts/stella/csfg/v1alpha/csfg';
import { type Graph, type TestGraph, ingest, match, native, sameIncidents, startGraph, text } from './network.js';
import { sampleText, symbolFile } from './samples.js';

const KNOWN = {
  'incidents/esbuild-2892': 'esbuild-2892-0.17.5.txt',
  'incidents/esbuild-2991': 'esbuild-2991-0.17.5.txt',
  'incidents/esbuild-3052': 'esbuild-3052-0.17.16.1.txt',
  'incidents/esbuild-3205': 'esbuild-3205-0.17.6.txt',
  'incidents/esbuild-3551': 'esbuild-3551-0.17.5.txt',
  'incidents/lua-CVE-2020-24370': 'lua-5.4.0-O2.json',
};
const LUA = 'incidents/lua-CVE-2020-24370';

const sourceOf = (file: string) => (file.endsWith('.json') ? native(sampleText(file)) : text(sampleText(file)));

let network: TestGraph;
let graph: Graph;

beforeAll(async () => {
  network = await startGraph();
  network.symbols.publish(symbolFile('lua-5.4.0-O2.symbols.json'));
  graph = network.graph();
  for (const [incident, file] of Object.entries(KNOWN)) await ingest(graph, sourceOf(file), incident);
  await network.test.settle();
});

afterAll(() => network.test.stop());

test.each(Object.entries(KNOWN))('%s is told apart from every other one', async (incident, file) => {
  const answer = await match(graph, sourceOf(file));
  expect(sameIncidents(answer)).toEqual([incident]);
  expect(answer.verdict).toBe(MatchVerdict.MATCH_VERDICT_SAME);

  const alone = network.graph(`without-${incident.slice('incidents/'.length)}`);
  for (const [other, otherFile] of Object.entries(KNOWN)) {
    if (other !== incident) await ingest(alone, sourceOf(otherFile), other);
  }
  expect(sameIncidents(await match(alone, sourceOf(file)))).toEqual([]);
});

test.each([
  ['incidents/esbuild-2991', 'esbuild-2991-0.17.11.txt'],
  ['incidents/esbuild-3205', 'esbuild-3205-0.18.11.txt'],
  ['incidents/esbuild-3551', 'esbuild-3551-0.19.9.txt'],
  ['incidents/esbuild-3052', 'esbuild-3052-0.17.16.2.txt'],
])('%s in another version, or another run, is the same', async (incident, file) => {
  const answer = await match(graph, sourceOf(file));
  expect(sameIncidents(answer)).toEqual([incident]);
  expect(answer.matches[0]).toMatchObject({ incident, verdict: MatchVerdict.MATCH_VERDICT_SAME, level: 'K1', scorePpm: 1_000_000 });
  expect(answer.durationUs).toBeGreaterThan(0n);
});

test('text of no known format is related at most', async () => {
  const unknown = 'Something went wrong in module 17\nplease call the helpdesk\n';
  const stack = await ingest(graph, text(unknown), 'incidents/helpdesk');
  expect(stack).toMatchObject({ format: 'unknown', frames: [], fingerprints: { K0: expect.stringMatching(/^[0-9a-f]{64}$/) } });
  expect(Object.keys(stack.fingerprints)).toEqual(['K0']);
  const answer = await match(graph, text(unknown));
  expect(answer.verdict).toBe(MatchVerdict.MATCH_VERDICT_RELATED);
  expect((await match(graph, text('another thing'))).verdict).toBe(MatchVerdict.MATCH_VERDICT_NEW);
});

test('a build whose pack is not published matches by nothing; when it is, the stored stack is named and attached', async () => {
  const stripped = await ingest(graph, native(sampleText('lua-5.4.0-O1.json')));
  await network.test.settle();
  expect(stripped.unsymbolised).toBe(12);
  const query = { $case: 'stack', value: stripped.name } as const;
  expect(sameIncidents(await graph.matchStack({ query, matchesMax: 0 }))).toEqual([]);

  const symbols = symbolFile('lua-5.4.0-O1.symbols.json');
  network.symbols.publish(symbols);
  await network.publishPack('namespaces/lua/packs/lua/versions/5.4.0', symbols.gnuBuildId);
  await network.test.settle();

  const { stack: named } = await graph.getStack({ name: stripped.name });
  expect(named).toMatchObject({ unsymbolised: 0, incident: LUA });
  expect(named?.frames[0]?.function).toBe('lua_getlocal');
  expect(named?.fingerprints['K0']).toBe(stripped.fingerprints['K0']);
  expect(named?.fingerprints['K1']).toMatch(/^[0-9a-f]{64}$/);
  expect(JSON.stringify(named, (_, value: unknown) => (typeof value === 'bigint' ? String(value) : value))).not.toContain('builder');
  expect(sameIncidents(await graph.matchStack({ query, matchesMax: 0 }))).toEqual([LUA]);
  expect(network.matched.filter(({ stack }) => stack === stripped.name)).toEqual([
    { tenant: 'acme', stack: stripped.name, incident: LUA, scorePpm: expect.any(Number), resymbolisedBy: 'namespaces/lua/packs/lua/versions/5.4.0' },
  ]);
});

test('an explanation tells frame by frame, and its shares sum up to the score', async () => {
  const stack = await ingest(graph, text(sampleText('esbuild-3205-0.18.11.txt')));
  const other = await ingest(graph, text(sampleText('esbuild-3205-0.17.6.txt')), 'incidents/esbuild-3205');
  const same = await graph.explainMatch({ stack: stack.name, other: other.name });
  expect(same.match).toMatchObject({ stack: other.name, incident: 'incidents/esbuild-3205', verdict: MatchVerdict.MATCH_VERDICT_SAME });
  expect(same.pairs.reduce((sum, { contributionPpm }) => sum + contributionPpm, 0)).toBeCloseTo(same.match?.scorePpm ?? 0, -2);
  const heaviest = same.pairs.toSorted((a, b) => b.contributionPpm - a.contributionPpm)[0];
  expect(heaviest?.function).toContain('js_parser');
  expect(heaviest).toMatchObject({ function: heaviest?.otherFunction });
  expect(same.reasons[0]).toContain('equal');

  const unlike = await ingest(graph, text(sampleText('esbuild-3551-0.19.9.txt')));
  const different = await graph.explainMatch({ stack: stack.name, other: unlike.name });
  expect(different.match?.verdict).not.toBe(MatchVerdict.MATCH_VERDICT_SAME);
  expect(different.pairs.some(({ index }) => index === -1) && different.pairs.some(({ otherIndex }) => otherIndex === -1)).toBe(true);
});

test('a stack that comes before its incident is known is attached when somebody says what it is', async () => {
  const tenant = network.graph('later');
  const early = await ingest(tenant, text(sampleText('esbuild-3205-0.18.11.txt')));
  await network.test.settle();
  expect(early.incident).toBe('');
  await ingest(tenant, text(sampleText('esbuild-3205-0.17.6.txt')), 'incidents/esbuild-3205');
  await network.test.settle();
  expect((await tenant.getStack({ name: early.name })).stack?.incident).toBe('incidents/esbuild-3205');
  expect(network.matched.filter((event) => event.tenant === 'later')).toEqual([
    expect.objectContaining({ stack: early.name, incident: 'incidents/esbuild-3205', resymbolisedBy: '' }),
  ]);
});
