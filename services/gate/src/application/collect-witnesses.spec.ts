import { DomainError } from '@stella/errors';
import { NO_FACTS } from '../../test/support/no-facts.js';
import { BASELINE, CANDIDATE } from '../../test/support/release.js';
import { Unanswered } from '../domain/collected.js';
import { limits } from '../limits.js';
import type { Asking } from './asking.js';
import { CollectWitnesses, type Remembered } from './collect-witnesses.js';
import type { ReplayEvidence, ReplayOrder, WitnessRef, Witnesses } from './ports.js';

const name = (at: number): string => `witnesses/${at.toString(16).padStart(64, '0')}`;
const namesOf = (count: number, from = 0): string[] => Array.from({ length: count }, (_, at) => name(from + at));
const refOf = (witness: string): WitnessRef => ({ name: witness, incident: 'app-7', artifactSha256: 'e'.repeat(64) });

/** frvf with some witnesses that were recorded on the candidate, and others that are only known by name. */
class FakeWitnesses implements Witnesses {
  readonly replays: [string, string][] = [];
  readonly fresh: string[] = [];

  constructor(
    private readonly recorded: readonly string[],
    private readonly gone: ReadonlySet<string> = new Set(),
  ) {}

  async requireIncident(): Promise<void> {}

  async ofIncident(): Promise<readonly WitnessRef[]> {
    return [];
  }

  async ofArtifact(_: unknown, artifactSha256: string): Promise<readonly WitnessRef[]> {
    return artifactSha256 === CANDIDATE ? this.recorded.map(refOf) : [];
  }

  async get(_: unknown, witness: string): Promise<{ ref: WitnessRef; envelope: Uint8Array } | undefined> {
    return this.gone.has(witness) ? undefined : { ref: refOf(witness), envelope: Buffer.from(witness) };
  }

  async replay(_: unknown, { witness, artifactSha256, fresh }: ReplayOrder): Promise<ReplayEvidence> {
    this.replays.push([witness, artifactSha256 === CANDIDATE ? 'candidate' : 'baseline']);
    if (fresh) this.fresh.push(witness);
    return { envelope: Buffer.from(`${witness} ${artifactSha256}`), outcome: 'fixed', successes: 20, replays: 20, cached: false, failureReason: '' };
  }
}

async function collect(witnesses: FakeWitnesses, remembered: Partial<Remembered> = {}) {
  const question = { tenant: 'acme', baseline: { sha256: BASELINE, label: 'a' }, candidate: { sha256: CANDIDATE, label: 'b', resourceUri: 'pkg:b' }, claims: [], policyId: 'standard', baselineWord: 'runs', fresh: false } as const;
  const messages: string[] = [];
  const asking: Asking = { question, evaluationId: '00000000-0000-4000-8000-000000000000', began: 1n, round: 1, report: ({ stage, message }) => void (stage === 'witness' && messages.push(message)), unanswered: new Unanswered(), signal: new AbortController().signal };
  const found = await new CollectWitnesses(witnesses, NO_FACTS).execute(asking, 20, { refuting: [], inherited: [], ...remembered });
  return { found, messages, names: found.witnesses.map((one) => one.name) };
}

test('inherited witnesses fill the room that is left, the nearest first, and the rest is told', async () => {
  const witnesses = new FakeWitnesses(namesOf(3));
  const inherited = namesOf(limits.witnessesMax, 100);
  const { found, names, messages } = await collect(witnesses, { inherited });
  expect(names).toEqual([...namesOf(3), ...inherited.slice(0, limits.witnessesMax - 3)]);
  expect(found.leftOut).toEqual(inherited.slice(limits.witnessesMax - 3));
  expect(messages).toEqual([`${limits.witnessesMax} witnesses, ${limits.witnessesMax - 3} of earlier releases; 3 left out`]);
  // The releases before were held against them: only the candidate has to show that they are gone.
  expect(witnesses.replays.filter(([, side]) => side === 'baseline').map(([witness]) => witness)).toEqual(namesOf(3));
  expect(found.envelopes).toHaveLength(limits.witnessesMax + 6 + limits.witnessesMax - 3);
});

test('those that fail on the candidate come first, and are never cut', async () => {
  const refuting = namesOf(2, 50);
  const witnesses = new FakeWitnesses([name(0), name(50)]);
  const { names, found } = await collect(witnesses, { refuting, inherited: [...refuting, ...namesOf(limits.witnessesMax, 100)] });
  expect(names).toEqual(expect.arrayContaining(refuting));
  expect([names.length, found.leftOut.length]).toEqual([limits.witnessesMax, 3]);
  // What they said before, or a result under another policy, does not settle it.
  expect(witnesses.fresh).toEqual(refuting);
  expect(witnesses.replays.filter(([witness]) => witness === name(50)).map(([, side]) => side)).toEqual(['baseline', 'candidate']);
});

test('what is asked for anyway is asked for once', async () => {
  const { names, messages } = await collect(new FakeWitnesses(namesOf(2)), { refuting: [name(0)], inherited: namesOf(2) });
  expect([names, messages]).toEqual([namesOf(2), ['2 witnesses']]);
});

test('more that must be asked than a decision can be about are not cut short', async () => {
  const half = limits.witnessesMax / 2;
  await expect(collect(new FakeWitnesses(namesOf(half)), { refuting: namesOf(half + 1, 1_000) })).rejects.toMatchObject({ reason: 'EVALUATION_FAILED', facts: { witnesses: String(limits.witnessesMax + 1) } });
});

test('one that is gone is left out; one that is listed and gone is a fault', async () => {
  const { names, found } = await collect(new FakeWitnesses(namesOf(1), new Set([name(7), name(8)])), { refuting: [name(7)], inherited: [name(8), name(9)] });
  expect([names, found.leftOut]).toEqual([[name(0), name(9)], [name(7), name(8)]]);
  const lost = await collect(new FakeWitnesses(namesOf(1), new Set(namesOf(1))));
  expect(lost.found).toEqual({ witnesses: [], envelopes: [], leftOut: [] });
});

test('whoever does not answer leaves nothing known', async () => {
  const witnesses = new FakeWitnesses(namesOf(1));
  witnesses.get = () => Promise.reject(new DomainError('REMOTE_FAILED'));
  expect((await collect(witnesses, { inherited: namesOf(1, 5) })).found.leftOut).toEqual([]);
});
