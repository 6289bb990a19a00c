import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { readTopics, runTopicsCommand } from '@stella/platform-events';
import { withRetention } from '../../src/kafka/topics.js';
import { DUPLICATES_AFTER_TOPIC_MS, KEY_BYTES_MAX, PAYLOAD_BYTES_MAX, RETENTION, TOPIC_RETENTION_MS } from '../../src/limits.js';

const ROOT = join(import.meta.dirname, '../../../../..');
const TOPICS = join(ROOT, 'deploy/kafka/topics.json');
/** What attributes, trace context and the reasons of a dead letter may take. */
const HEADER_BYTES = 16 * 1024;
const folder = mkdtempSync(join(tmpdir(), 'topics-'));
afterAll(() => rmSync(folder, { recursive: true }));

const filesBelow = (path: string, end: string) => readdirSync(join(ROOT, path), { recursive: true, encoding: 'utf8' }).filter((name) => name.endsWith(end) && !/node_modules|dist\//.test(name)).map((name) => join(ROOT, path, name));
const namesIn = (paths: readonly string[], pattern: RegExp) => new Set(paths.flatMap((path) => [...readFileSync(path, 'utf8').matchAll(pattern)].map(([, name = '']) => name)));

describe('deploy/kafka/topics.json', () => {
  test('has every topic of the protos, each with its dead-letter topic, and no other', async () => {
    const inProtos = namesIn(filesBelow('proto/stella', 'events.proto'), /^\/\/ Topic (stella\.[\w-]+\.[\w-]+\.v\w+);/gm);
    const inFile = (await readTopics(TOPICS)).map(({ name }) => name);
    expect(inProtos.size).toBeGreaterThan(10);
    expect(inFile).toEqual([...inProtos].sort().flatMap((name) => [name, `${name}.dlq`]));
  });

  test('has every topic that a service tells or hears', async () => {
    const inServices = namesIn(filesBelow('services', '.ts'), /['"`](stella\.[\w-]+\.[\w-]+\.v\d+\w*)['"`]/g);
    const inFile = (await readTopics(TOPICS)).map(({ name }) => name);
    expect(inServices.size).toBeGreaterThan(10);
    expect(inFile).toEqual(expect.arrayContaining([...inServices]));
  });

  test('has room for the largest event, and keeps none so long that an inbox would not know a duplicate', async () => {
    for (const { name, retentionMs, messageBytesMax } of await readTopics(TOPICS)) {
      expect([name, messageBytesMax]).toEqual([name, expect.any(Number)]);
      expect(messageBytesMax).toBeGreaterThan(PAYLOAD_BYTES_MAX + KEY_BYTES_MAX + HEADER_BYTES);
      if (!name.endsWith('.dlq')) expect([name, retentionMs]).toEqual([name, TOPIC_RETENTION_MS]);
    }
    expect(TOPIC_RETENTION_MS + DUPLICATES_AFTER_TOPIC_MS).toBeLessThan(RETENTION.handledMs);
  });
});

test('retentions other than those of the file are given for events and for dead letters', async () => {
  const topics = (await readTopics(TOPICS)).slice(0, 2);
  const days = (changed: Parameters<typeof withRetention>[1]) => withRetention(topics, changed).map(({ retentionMs }) => retentionMs / 86_400_000);
  expect([days({}), days({ events: 86_400_000 }), days({ deadLetters: 86_400_000 })]).toEqual([[7, 30], [1, 30], [7, 1]]);
});

const GOOD = { name: 'stella.demo.x.v1', partitions: 1, retention: '7d', cleanupPolicy: 'delete', messageBytesMax: 1000 };
const problemsOf = async (content: unknown): Promise<string> => {
  const path = join(folder, 'topics.json');
  writeFileSync(path, typeof content === 'string' ? content : JSON.stringify(content));
  return readTopics(path).then(() => '', (error: { reason: string; facts: { problems: string } }) => `${error.reason} ${error.facts.problems}`);
};

test('a file is read with its units', async () => {
  const path = join(folder, 'good.json');
  writeFileSync(path, JSON.stringify({ topics: [GOOD, { ...GOOD, name: 'other', retention: '12h' }] }));
  expect((await readTopics(path)).map(({ name, retentionMs }) => [name, retentionMs])).toEqual([['stella.demo.x.v1', 604_800_000], ['other', 43_200_000]]);
});

test.each<[string, unknown]>([
  ['JSON', '{'],
  ['"topics" is a list', {}],
  ['"topics" is a list', null],
  ['"topics" is a list', { topics: [] }],
  ['"topics" is a list', { topics: Array.from({ length: 1_001 }, (_, n) => ({ ...GOOD, name: `t${n}` })) }],
  ['topic 1: name is', { topics: [{ ...GOOD, name: 'A b' }] }],
  ['topic 1: name is', { topics: [null] }],
  ['partitions is 1 to', { topics: [{ ...GOOD, partitions: 0 }] }],
  ['retention is hours or days', { topics: [{ ...GOOD, retention: '7' }] }],
  ['cleanupPolicy is one of', { topics: [{ ...GOOD, cleanupPolicy: 'none' }] }],
  ['messageBytesMax is', { topics: [{ ...GOOD, messageBytesMax: 0.5 }] }],
  ['named twice', { topics: [GOOD, GOOD] }],
  ['color is unknown', { topics: [{ ...GOOD, color: 'red' }] }],
])('a file is refused that breaks: %s', async (problem, content) => {
  const problems = await problemsOf(content);
  expect(problems).toContain('CONFIG_INVALID');
  expect(problems).toContain(problem);
});

describe('the command', () => {
  const run = async (...args: string[]) => {
    const said: string[] = [];
    const code = await runTopicsCommand(args, { out: (line) => said.push(line), err: (line) => said.push(line) });
    return { code, said: said.join('\n') };
  };

  test.each([
    [[], '--file and --brokers are required'],
    [['--brokers', 'a:1'], '--file and --brokers are required'],
    [['--file', TOPICS, '--brokers', 'a:1', '--replication-factor', '0'], '--replication-factor is 1 to 100'],
    [['--file', TOPICS, '--brokers', 'a:1', '--retention', '7'], '--retention is hours or days'],
    [['--file', TOPICS, '--brokers', 'a:1', '--dead-letter-retention', '0d'], '--dead-letter-retention is hours or days'],
    [['--nonsense'], "Unknown option '--nonsense'"],
    [['--file', TOPICS, '--brokers', 'a'], 'brokers: each is host:port'],
    [['--file', join(folder, 'absent.json'), '--brokers', 'a:1'], 'ENOENT'],
    [['--file', TOPICS, '--brokers', 'a:1', '--tls-ca', join(folder, 'absent.pem')], 'cannot be read'],
    [['--file', TOPICS, '--brokers', 'a:1', '--sasl-mechanism', 'plain', '--sasl-username', 'a'], 'sasl: password'],
  ])('%j is a mistake of usage', async (args, problem) => {
    const { code, said } = await run(...args);
    expect([code, said]).toEqual([2, expect.stringContaining(problem)]);
  });

  test('helps, and fails where nobody answers', async () => {
    expect(await run('--help')).toEqual({ code: 0, said: expect.stringContaining('usage: ') });
    const { code, said } = await run('--file', TOPICS, '--brokers', '127.0.0.1:1');
    expect([code, said]).toEqual([1, expect.stringContaining('EVENT_BROKER_UNAVAILABLE')]);
  });
});
