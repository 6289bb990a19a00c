import { randomUUID } from 'node:crypto';
import { MatchVerdict } from '@stella/contracts/stella/csfg/v1alpha/csfg';
import { DomainError } from '@stella/errors';
import { startTestDatabase, type TestDatabase } from '@stella/platform-database/testing';
import { Database } from '@stella/platform-database';
import { provisionService } from '@stella/platform-database';
import { type Graph, type TestGraph, ingest, match, native, sameIncidents, startGraph, text } from './network.js';
import { sampleText, symbolFile } from './samples.js';

let database: TestDatabase;
let network: TestGraph;
let sql: Database;

beforeAll(async () => {
  database = await startTestDatabase();
  network = await startGraph(database);
  sql = new Database({ connection: (await provisionService(database.administrator, 'csfg')).connection, name: 'test' });
});

afterAll(async () => {
  await sql.close();
  await network.test.stop();
  await database.stop();
});

const panic = (n: number): string =>
  `panic: boom ${n}\n\ngoroutine 1 [running]:\nexample.com/app/store.fail${n}(0x1)\n\t/home/alice/app/store/fail.go:${n + 1} +0x1\nexample.com/app/store.Run(0x2)\n\t/home/alice/app/store/run.go:7 +0x2\nmain.main()\n\t/home/alice/app/main.go:9 +0x3\n`;

const rejection = (promise: Promise<unknown>) => expect(promise).rejects;

test('the same text is the same stack; a request id stands for one request', async () => {
  const graph = network.graph('twice');
  const requestId = randomUUID();
  const first = await ingest(graph, text(panic(1)), '', requestId);
  expect(await ingest(graph, text(panic(1)), '', requestId)).toEqual(first);
  expect(await ingest(graph, text(panic(1)))).toEqual(first);
  await rejection(ingest(graph, text(panic(2)), '', requestId)).toMatchObject({ reason: 'REQUEST_ID_REUSED' });
  expect((await graph.listStacks({ incident: '', pageSize: 0, pageToken: '' })).stacks).toHaveLength(1);
});

test('twenty ingests of one text at once make one stack', async () => {
  const graph = network.graph('at-once');
  const stacks = await Promise.all(Array.from({ length: 20 }, () => ingest(graph, text(panic(3)))));
  expect(new Set(stacks.map(({ name }) => name)).size).toBe(1);
  expect((await graph.listStacks({ incident: '', pageSize: 0, pageToken: '' })).stacks).toHaveLength(1);
});

test('a burst of different stacks, and of events about them, comes through', async () => {
  const graph = network.graph('burst');
  const witnesses = Array.from({ length: 20 }, (_, n) =>
    network.recordWitness({ witness: `witnesses/${n}`, incident: `incidents/${n}`, stack: Buffer.from(panic(100 + n)), stackFormat: 'go-text' }, 'burst'),
  );
  const stacks = await Promise.all(Array.from({ length: 60 }, (_, n) => ingest(graph, text(panic(200 + n)))));
  await Promise.all(witnesses);
  await network.test.settle();
  expect(new Set(stacks.map(({ name }) => name)).size).toBe(60);
  const { stacks: all } = await graph.listStacks({ incident: '', pageSize: 1000, pageToken: '' });
  expect(all).toHaveLength(80);
  expect(sameIncidents(await match(graph, text(panic(107))))).toEqual(['incidents/7']);
});

test('an incident that is told later is kept; another one for the very same stack is refused', async () => {
  const graph = network.graph('told-later');
  const before = await ingest(graph, text(panic(1)));
  const after = await ingest(graph, text(panic(1)), 'incidents/a');
  expect([before.incident, after.incident]).toEqual(['', 'incidents/a']);
  expect((await ingest(graph, text(panic(1)))).incident).toBe('incidents/a');
  await rejection(ingest(graph, text(panic(1)), 'incidents/b')).toMatchObject({ reason: 'STACK_INCIDENT_CONFLICT', facts: { incident: 'incidents/a' } });
});

test('a tenant sees its own graph only', async () => {
  const [ours, theirs] = [network.graph('ours'), network.graph('theirs')];
  const stack = await ingest(ours, text(panic(1)), 'incidents/ours');
  const other = await ingest(theirs, text(panic(2)), 'incidents/theirs');
  expect((await match(theirs, text(panic(1)))).matches.map(({ stack: name }) => name)).not.toContain(stack.name);
  expect(sameIncidents(await match(ours, text(panic(1))))).toEqual(['incidents/ours']);
  expect((await theirs.listStacks({ incident: '', pageSize: 0, pageToken: '' })).stacks.map(({ name }) => name)).toEqual([other.name]);
  const absent = { reason: 'STACK_NOT_FOUND' };
  await rejection(theirs.getStack({ name: stack.name })).toMatchObject(absent);
  await rejection(theirs.matchStack({ query: { $case: 'stack', value: stack.name }, matchesMax: 0 })).toMatchObject(absent);
  await rejection(theirs.explainMatch({ stack: other.name, other: stack.name })).toMatchObject(absent);
  // The very same text has another name for another tenant: names tell nobody what others hold.
  expect((await ingest(theirs, text(panic(1)))).name).not.toBe(stack.name);
});

test('nothing that is stored names a person or a machine', async () => {
  await ingest(network.graph('private'), text(`${panic(4)}\nhome /home/alice/.ssh mail alice@example.com host 10.1.2.3\n`));
  const unwound = JSON.parse(sampleText('lua-5.4.0-O2.json')) as { threads: { tid: number; frames: { module: string }[] }[] };
  for (const frame of unwound.threads[0]?.frames ?? []) frame.module = `/home/alice/secret/${frame.module}`;
  await ingest(network.graph('private'), native(JSON.stringify(unwound)));
  const rows = await sql.query<{ source: Buffer; everything: string }>(
    `SELECT source, s::text || COALESCE((SELECT string_agg(f::text, ' ') FROM stack_frames f WHERE f.tenant = s.tenant AND f.stack_id = s.id), '') AS everything
     FROM stacks s WHERE tenant = 'private'`,
  );
  expect(rows).toHaveLength(2);
  for (const { source, everything } of rows) {
    for (const stored of [source.toString(), everything]) expect(stored).not.toMatch(/alice|example\.com\b(?!\/app)|10\.1\.2\.3|secret|0x5555/);
  }
});

test('lists are paged, newest first, and a token is good for its own list only', async () => {
  const graph = network.graph('paged');
  const names: string[] = [];
  for (let n = 0; n < 5; n += 1) names.unshift((await ingest(graph, text(panic(n)), n % 2 === 0 ? 'incidents/even' : 'incidents/odd')).name);
  const seen: string[] = [];
  let pageToken = '';
  do {
    const page = await graph.listStacks({ incident: '', pageSize: 2, pageToken });
    expect(page.stacks.length).toBeLessThanOrEqual(2);
    seen.push(...page.stacks.map(({ name }) => name));
    pageToken = page.nextPageToken;
  } while (pageToken !== '');
  expect([...seen].sort()).toEqual([...names].sort());
  const times = await Promise.all(seen.map(async (name) => (await graph.getStack({ name })).stack?.createTime?.getTime() ?? 0));
  expect(times).toEqual(times.toSorted((a, b) => b - a));

  const { stacks, nextPageToken } = await graph.listStacks({ incident: 'incidents/even', pageSize: 2, pageToken: '' });
  expect(stacks.map(({ incident }) => incident)).toEqual(['incidents/even', 'incidents/even']);
  await rejection(graph.listStacks({ incident: 'incidents/odd', pageSize: 2, pageToken: nextPageToken })).toMatchObject({ reason: 'PAGE_TOKEN_INVALID' });
  await rejection(graph.listStacks({ incident: '', pageSize: 2, pageToken: 'bm9uc2Vuc2U' })).toMatchObject({ reason: 'PAGE_TOKEN_INVALID' });
});

test('every bound refuses what is beyond it', async () => {
  const graph = network.graph('bounds');
  await rejection(match(graph, text('a'.repeat((1 << 20) + 1)))).toMatchObject({ reason: 'REQUEST_INVALID' });
  await rejection(match(graph, text(' \n '))).toMatchObject({ reason: 'STACK_EMPTY' });
  await rejection(match(graph, native('{"threads": 1}'))).toMatchObject({ reason: 'STACK_MALFORMED', facts: { at: '/threads' } });
  await rejection(match(graph, native('[1'))).toMatchObject({ reason: 'STACK_MALFORMED' });
  await rejection(graph.matchStack({ query: { $case: 'source', value: native(String.fromCharCode(123, 0xff)) }, matchesMax: 0 })).toMatchObject({ reason: 'STACK_MALFORMED' });
  await rejection(match(graph, text(panic(1)), 51)).toMatchObject({ reason: 'REQUEST_INVALID' });
  // A printed stack of a mebibyte, its text scrubbed, is stored and found again.
  const long = panic(1) + 'x/y '.repeat(((1 << 20) - panic(1).length) / 4 - 1);
  const stack = await ingest(graph, text(long), 'incidents/long');
  expect(stack.frames.length).toBeGreaterThan(0);
  expect(sameIncidents(await match(graph, text(long)))).toEqual(['incidents/long']);
  // 1,000 different frames: 128 are kept.
  const deep = panic(1) + Array.from({ length: 1000 }, (_, n) => `example.com/app/deep.f${n}()\n\t/src/deep.go:${n + 1} +0x1\n`).join('');
  expect((await ingest(graph, text(deep))).frames).toHaveLength(128);
});

test('text with what PostgreSQL cannot hold is stored all the same', async () => {
  const graph = network.graph('odd-text');
  const stack = await ingest(graph, text(panic(1).replace('boom', 'bo\0om \u001b[31m')), 'incidents/nul');
  expect(stack.frames.length).toBeGreaterThan(0);
  const surrogate = sampleText('lua-5.4.0-O2.json').replace('"program"', '"pro\\ud800gram\\u0000"');
  expect((await ingest(graph, native(surrogate))).frames[0]?.module).toBe('pro\uFFFDgram\uFFFD');
});

test('matches are limited to as many as asked, best first', async () => {
  const graph = network.graph('limited');
  for (let n = 0; n < 12; n += 1) await ingest(graph, text(panic(5).replace('main.main()', `example.com/app/caller.Call${n}()\n\t/src/caller.go:${n + 1} +0x1\nmain.main()`)), `incidents/${n}`);
  expect((await match(graph, text(panic(5)))).matches).toHaveLength(10);
  expect((await match(graph, text(panic(5)), 50)).matches).toHaveLength(12);
  const two = await match(graph, text(panic(5)), 2);
  expect(two.matches).toHaveLength(2);
  expect(two.matches[0]?.scorePpm).toBeGreaterThanOrEqual(two.matches[1]?.scorePpm ?? 0);
});

describe('events', () => {
  const witness = (n: number, incident: string) => ({ witness: `witnesses/${n}`, incident, stack: Buffer.from(panic(n)), stackFormat: 'go-text' });

  test('a recorded witness brings its stack once, however often it is told', async () => {
    const graph = network.graph('witnesses');
    await network.recordWitness(witness(1, 'incidents/w1'), 'witnesses');
    await network.recordWitness(witness(1, 'incidents/w1'), 'witnesses');
    await network.recordWitness({ witness: 'witnesses/2', incident: 'incidents/none' }, 'witnesses');
    await network.test.settle();
    const { stacks } = await graph.listStacks({ incident: '', pageSize: 0, pageToken: '' });
    expect(stacks.map(({ incident }) => incident)).toEqual(['incidents/w1']);
    expect(sameIncidents(await match(graph, text(panic(1))))).toEqual(['incidents/w1']);
  });

  test('a second incident with the same stack does not take it, and blocks nothing', async () => {
    const graph = network.graph('conflict');
    await network.recordWitness(witness(1, 'incidents/first'), 'conflict');
    await network.test.settle();
    await network.recordWitness(witness(1, 'incidents/second'), 'conflict');
    await network.recordWitness(witness(2, 'incidents/third'), 'conflict');
    await network.test.settle();
    const { stacks } = await graph.listStacks({ incident: '', pageSize: 0, pageToken: '' });
    expect(stacks.map(({ incident }) => incident).sort()).toEqual(['incidents/first', 'incidents/third']);
    expect(await network.test.runtime.metrics.text()).toMatch(/csfg_incident_conflicts_total 1\b/);
  });

  test('a marketplace that does not answer is asked again; the stack is stored meanwhile', async () => {
    const graph = network.graph('patience');
    network.symbols.publish(symbolFile('lua-5.4.0-O2.symbols.json'));
    network.symbols.failures = [new DomainError('UNAVAILABLE'), new DomainError('UNAVAILABLE')];
    const askedBefore = network.symbols.asked;
    const stack = await ingest(graph, native(sampleText('lua-5.4.0-O2.json')), 'incidents/lua');
    expect(stack.unsymbolised).toBe(10);
    await network.test.settle();
    expect(network.symbols.asked - askedBefore).toBe(3);
    expect((await graph.getStack({ name: stack.name })).stack).toMatchObject({ unsymbolised: 0, incident: 'incidents/lua' });
    // What was learnt serves a stack of the same build that was never stored, without asking.
    const other = JSON.parse(sampleText('lua-5.4.0-O2.json')) as { threads: { frames: unknown[] }[] };
    other.threads[0]?.frames.pop();
    const { normalised, verdict } = await match(graph, native(JSON.stringify(other)));
    expect(normalised?.unsymbolised).toBe(0);
    expect(verdict).toBe(MatchVerdict.MATCH_VERDICT_SAME);
    expect(network.symbols.asked - askedBefore).toBe(3);
  });
});

describe('restart', () => {
  const levels = (graph: Graph) => graph.listStacks({ incident: '', pageSize: 0, pageToken: '' }).then(({ stacks }) => stacks);

  test('the index is made again from the database, and what another version normalised is made anew', async () => {
    const graph = network.graph('restart');
    network.symbols.publish(symbolFile('lua-5.4.0-O2.symbols.json'));
    await ingest(graph, text(sampleText('esbuild-3205-0.17.6.txt')), 'incidents/esbuild-3205');
    await ingest(graph, native(sampleText('lua-5.4.0-O2.json')), 'incidents/lua');
    await network.test.settle();
    const before = await levels(graph);

    await network.test.stop();
    // As an older release left them: other rules gave other frames.
    await sql.execute("UPDATE stacks SET normaliser_version = 'csfg-normaliser/0' WHERE tenant = 'restart'");
    await sql.execute("UPDATE stack_frames SET key = 'x' || key, function_name = 'x' || function_name, normaliser_version = 'csfg-normaliser/0' WHERE tenant = 'restart'");
    await sql.execute("UPDATE stack_fingerprints SET value = 'x' || value WHERE tenant = 'restart'");
    const askedBefore = network.symbols.asked;
    network = await startGraph(database, network.symbols);

    const again = network.graph('restart');
    expect(await levels(again)).toEqual(before);
    expect(network.symbols.asked).toBe(askedBefore);
    expect(sameIncidents(await match(again, text(sampleText('esbuild-3205-0.18.11.txt'))))).toEqual(['incidents/esbuild-3205']);
    expect(sameIncidents(await match(again, native(sampleText('lua-5.4.0-O2.json'))))).toEqual(['incidents/lua']);
    const rows = await sql.query<{ value: string }>("SELECT value FROM stack_fingerprints WHERE tenant = 'restart' AND level = 'K1' ORDER BY value");
    expect(rows.map(({ value }) => value)).toEqual(before.map(({ fingerprints }) => fingerprints['K1']).sort());
  });
});

test('what was counted can be scraped', async () => {
  const response = await fetch(`${network.test.runtime.httpAddress}/metrics`);
  const metrics = await response.text();
  expect(metrics).toMatch(/csfg_matches_total\{verdict="same"\} \d+/);
  expect(metrics).toMatch(/csfg_match_seconds_count \d+/);
  expect(metrics).toMatch(/csfg_stacks_renormalised_total \d+/);
  expect(metrics).toMatch(/csfg_index_stacks \d+/);
});
