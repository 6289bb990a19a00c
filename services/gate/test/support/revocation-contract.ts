import type { Revocation } from '@stella/attestation';
import type { ListDraft, RevocationRepository, SignedList } from '../../src/application/repositories.js';
import { NOW } from './installation.js';

/** The adapter under test, with what changes it inside a transaction done in one of its own. */
export interface RevocationHarness {
  readonly repository: RevocationRepository;
  add(tenant: string, entry: Revocation): Promise<void>;
}

const FOREVER = new Date(0);
const at = (seconds: number): Date => new Date(NOW.getTime() + seconds * 1_000);
const entry = (digit: string, change: Partial<Revocation> = {}): Revocation => ({ kind: 'candidate', id: digit.repeat(64), reason: 'withdrawn', at: at(0), ...change });
const signed = ({ version, entriesDigest }: ListDraft, forgottenBefore: Date): SignedList => ({ version, entriesDigest, forgottenBefore, envelope: Buffer.from(`list ${version}`), signer: 'signer', issuedAt: NOW });

/** Every keeper of what was taken back passes this. */
export function revocationContract(name: string, harness: () => Promise<RevocationHarness>): void {
  describe(`revocations in ${name}`, () => {
    let given: RevocationHarness;
    let tenant: string;
    let tests = 0;
    beforeAll(async () => {
      given = await harness();
    }, 60_000);
    beforeEach(() => (tenant = `${name.replaceAll(' ', '-')}-${(tests += 1)}`));

    const sign = async (forgottenBefore = FOREVER): Promise<{ readonly list: SignedList; readonly draft: ListDraft }> => {
      let draft: ListDraft | undefined;
      const list = await given.repository.next(tenant, forgottenBefore, () => false, async (one) => signed((draft = one), forgottenBefore));
      if (!draft) throw new Error('nothing was drafted');
      return { list, draft };
    };

    test('no list is there before one is signed; the next version follows each', async () => {
      expect(await given.repository.last(tenant)).toBeUndefined();
      const first = await sign();
      const second = await sign();
      expect(second.list.version).toBe(first.list.version + 1);
      const last = await given.repository.last(tenant);
      expect({ ...last, envelope: Buffer.from(last?.envelope ?? []).toString() }).toEqual({ ...second.list, envelope: `list ${second.list.version}` });
    });

    test('a list is whole until something else is taken back', async () => {
      const { list } = await sign();
      expect(await given.repository.isWhole(tenant, list)).toBe(true);
      await given.add(`${tenant}-other`, entry('a'));
      expect(await given.repository.isWhole(tenant, list)).toBe(true);
      await given.add(tenant, entry('a'));
      expect(await given.repository.isWhole(tenant, list)).toBe(false);
      const next = await sign();
      expect(next.draft.entries).toEqual([entry('a')]);
      expect(await given.repository.isWhole(tenant, next.list)).toBe(true);
    });

    test('of one thing the later time counts, once', async () => {
      await given.add(tenant, entry('a', { at: at(10), reason: 'refuted' }));
      await given.add(tenant, entry('a', { at: at(5) }));
      expect((await sign()).draft.entries).toEqual([entry('a', { at: at(10), reason: 'refuted' })]);
      const { list } = await sign();
      await given.add(tenant, entry('a', { at: at(20) }));
      expect(await given.repository.isWhole(tenant, list)).toBe(false);
      expect((await sign()).draft.entries).toEqual([entry('a', { at: at(20) })]);
    });

    test('what was taken back before a time is left out, but for keys and policies', async () => {
      const kinds = ['candidate', 'question', 'key', 'policy'] as const;
      for (const [index, kind] of kinds.entries()) await given.add(tenant, entry(String(index), { kind, at: at(index) }));
      expect((await sign()).draft.entries.map(({ kind }) => kind)).toEqual(kinds);
      const { list, draft } = await sign(at(100));
      expect(draft.entries.map(({ kind }) => kind)).toEqual(['key', 'policy']);
      expect(await given.repository.isWhole(tenant, list)).toBe(true);
    });

    test('lists that are asked for at the same time have versions of their own', async () => {
      const lists = await Promise.all(Array.from({ length: 5 }, () => sign()));
      expect(new Set(lists.map(({ list }) => list.version)).size).toBe(5);
    });

    test('what another one signed meanwhile is taken, if it will do and says all', async () => {
      const ask = (willDo = true) => given.repository.next(tenant, FOREVER, () => willDo, async (draft) => signed(draft, FOREVER));
      const lists = await Promise.all(Array.from({ length: 8 }, () => ask()));
      expect(new Set(lists.map(({ version }) => version)).size).toBe(1);
      const [first] = lists;
      expect((await ask(false)).version).toBe((first?.version ?? 0) + 1);
      await given.add(tenant, entry('a'));
      expect((await ask()).version).toBe((first?.version ?? 0) + 2);
    });
  });
}
