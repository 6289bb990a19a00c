import { status } from '@grpc/grpc-js';
import { DeadLetterState } from '@stella/contracts/stella/events/v1alpha/dead_letters';
import { FakeStella, Refusal } from './support/fake-stella.js';
import { type Ran, run } from './support/run.js';

const NAME = 'services/psdi/deadLetters/12';
const letter = (change: object = {}) => ({
  name: NAME,
  state: DeadLetterState.DEAD_LETTER_STATE_DEAD,
  consumer: 'psdi',
  eventType: 'stella.frvf.witness-recorded.v1alpha',
  eventId: '0b6e',
  key: 'witness-1',
  reason: 'BLOB_NOT_FOUND',
  error: 'BLOB_NOT_FOUND: no blob has this digest {}',
  attempts: 6,
  firstFailureTime: new Date('2026-06-01T11:00:00Z'),
  lastFailureTime: new Date('2026-06-01T12:00:00Z'),
  traceId: '4bf92f3577b34da6a3ce929d0e0e4736',
  payloadSizeBytes: 4n,
  payloadSha256: 'ab'.repeat(32),
  deliverable: true,
  ...change,
});

let fake: FakeStella;
const stella = (...argv: string[]): Promise<Ran> => run(['--connection', fake.connection, 'events', 'dead-letters', ...argv], { cwd: fake.folder });
const requestsOf = (name: string): unknown[] => fake.requests.filter(({ method }) => method === name).map(({ request }) => request);

beforeAll(async () => {
  fake = await FakeStella.start();
});
beforeEach(() => void fake.requests.splice(0));
afterAll(() => fake.stop());

describe('list', () => {
  test('asks every service, follows pages, and shows a table', async () => {
    fake.answers['listDeadLetters'] = ({ parent, pageToken }) => {
      if (parent !== 'services/psdi') return {};
      return pageToken === '' ? { deadLetters: [letter()], nextPageToken: 'more' } : { deadLetters: [letter({ name: `${NAME}0`, key: 'witness-2' })] };
    };
    const { code, out, err } = await stella('list');
    expect([code, err, out.trimEnd().split('\n').length]).toEqual([0, '', 3]);
    expect(out).toMatch(/^event +key +reason +attempts +given up +name\nstella\.frvf\.witness-recorded\.v1alpha +witness-1 +BLOB_NOT_FOUND +6 +2026-06-01T12:00:00\.000Z +services\/psdi\/deadLetters\/12\n/);
    expect(new Set(requestsOf('listDeadLetters').map((request) => (request as { parent: string }).parent)).size).toBe(7);
    expect((await stella('list', '--json')).json).toMatchObject({ deadLetters: [{ name: NAME, state: 'DEAD_LETTER_STATE_DEAD', payloadSizeBytes: '4' }, { key: 'witness-2' }], unanswered: [] });
  });

  test('of the services and the type that are named, and no more than wanted', async () => {
    fake.answers['listDeadLetters'] = () => ({ deadLetters: [letter(), letter()] });
    const { code, err, json } = await stella('list', '--service', 'psdi', '--service', 'gate', '--service', 'psdi', '--type', 'stella.a.b.v1', '--count', '1', '--json');
    expect([code, json.deadLetters.length, err]).toEqual([0, 2, expect.stringContaining('psdi has more')]);
    expect(requestsOf('listDeadLetters')).toEqual(['psdi', 'gate'].map((name) => ({ parent: `services/${name}`, eventType: 'stella.a.b.v1', pageSize: 2, pageToken: '' })));
  });

  test('none is an answer', async () => {
    fake.answers['listDeadLetters'] = () => ({});
    expect(await stella('list')).toMatchObject({ code: 0, out: 'no dead letters\n' });
  });

  test('a service that does not answer is told, hides no other, and is never taken for empty', async () => {
    fake.answers['listDeadLetters'] = ({ parent }) => (parent === 'services/gate' ? new Refusal(status.NOT_FOUND, 'SERVICE_NOT_HERE', { service: 'gate' }) : parent === 'services/psdi' ? { deadLetters: [letter()] } : {});
    const { code, err, json } = await stella('list', '--json');
    expect([code, json.deadLetters.length, json.unanswered, err]).toEqual([4, 1, [{ service: 'gate', reason: 'SERVICE_NOT_HERE' }], expect.stringMatching(/^gate did not answer: SERVICE_NOT_HERE/)]);
    expect(await stella('list', '--service', 'gate')).toMatchObject({ code: 4, out: '', err: expect.stringMatching(/^SERVICE_NOT_HERE: /) });
  });
});

describe('show', () => {
  test('tells why and since when; the payload for scripts', async () => {
    fake.answers['getDeadLetter'] = () => ({ deadLetter: letter(), payload: Buffer.from('text') });
    const { code, out } = await stella('show', 'psdi/12');
    expect([code, requestsOf('getDeadLetter')]).toEqual([0, [{ name: NAME }]]);
    for (const line of [/^state +dead$/m, /^reason +BLOB_NOT_FOUND$/m, /^first failure +2026-06-01T11:00:00\.000Z$/m, /^trace id +4bf92f/m, /^payload +4 bytes, sha256:(ab){32}$/m]) expect(out).toMatch(line);
    expect(out).not.toMatch(/redelivered/);
    expect((await stella('show', NAME, '--json')).json).toMatchObject({ deadLetter: { name: NAME }, payload: Buffer.from('text').toString('base64') });
  });

  test('what is not told on the wire is in the log; what nobody handles says so', async () => {
    fake.answers['getDeadLetter'] = () => ({ deadLetter: letter({ reason: 'INTERNAL', error: '', deliverable: false, redeliveryCount: 2 }) });
    const { out } = await stella('show', NAME);
    for (const line of [/^error +in the log of the service, by the trace id$/m, /^consumer +psdi: handles it no more$/m, /^redelivered +2 times$/m]) expect(out).toMatch(line);
  });

  test('text of strangers does not act on the terminal', async () => {
    fake.answers['getDeadLetter'] = () => ({ deadLetter: letter({ key: 'a\u001b[2Jb' }) });
    expect((await stella('show', NAME)).out).toContain('a\\u{1b}[2Jb');
  });
});

describe('redeliver', () => {
  test('says what became of it', async () => {
    fake.answers['redeliverDeadLetter'] = () => ({ deadLetter: letter({ state: DeadLetterState.DEAD_LETTER_STATE_WAITING, redeliveryCount: 1, attempts: 0 }) });
    const { code, out } = await stella('redeliver', NAME);
    expect([code, requestsOf('redeliverDeadLetter')]).toEqual([0, [{ name: NAME }]]);
    expect(out).toMatch(/^state +waiting$[^]*^redelivered +once$/m);
    expect((await stella('redeliver', 'psdi/12', '--json')).json).toMatchObject({ deadLetter: { state: 'DEAD_LETTER_STATE_WAITING', redeliveryCount: 1 } });
  });

  test.each([
    ['DEAD_LETTER_NOT_FOUND', status.NOT_FOUND, 2],
    ['DEAD_LETTER_UNDELIVERABLE', status.FAILED_PRECONDITION, 1],
    ['PERMISSION_DENIED', status.PERMISSION_DENIED, 4],
  ])('%s ends with its own code', async (reason, code, expected) => {
    fake.answers['redeliverDeadLetter'] = () => new Refusal(code, reason);
    expect(await stella('redeliver', NAME)).toMatchObject({ code: expected, out: '', err: expect.stringMatching(new RegExp(`^${reason}: `)) });
  });
});

test('what is no name of a service or a dead letter is wrong usage, and asks nobody', async () => {
  for (const words of [['show', 'x'], ['show', 'nobody/12'], ['redeliver', 'services/psdi/deadLetters/'], ['redeliver', "psdi/1'"], ['list', '--service', 'nobody'], ['list', '--count', '0'], ['show']]) expect((await stella(...words)).code).toBe(2);
  expect(fake.requests).toEqual([]);
});
