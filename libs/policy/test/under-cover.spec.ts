import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { incidentById, resolveRelease } from '@stella/incidents';
import type { LiftSide } from '@stella/native';
import type { DeltaView } from '../src/index.js';
import { nativeIsHere } from '@stella/native/testing';
import { deltaView, type Lifted, liftFile, unexplainedIds } from './support/lifted-delta.js';

const describeHere = nativeIsHere('changes under cover of a claim') ? describe : describe.skip;
const MINUTE_MS = 60_000;
const OWN = 'fn:github.com/evanw/esbuild/';
const { bad, good, claims } = incidentById('esbuild-2991');

/**
 * Whoever alters a release that truly claims a patch release of the toolchain, the functions that changed and three
 * variables. Each case alters a few bytes of the good release; what the bytes mean is read from its lift.
 */
describeHere('esbuild 0.17.12, altered', () => {
  let before: Lifted;
  let after: Lifted;
  let folder: string;
  let honest: DeltaView;

  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), 'stella-altered-'));
    const options = { cacheDir: join(tmpdir(), 'stella-test-incidents') };
    before = await liftFile((await resolveRelease(bad, options)).program);
    after = await liftFile((await resolveRelease(good, options)).program);
    honest = deltaView(before, after);
  }, MINUTE_MS);
  afterAll(() => rm(folder, { recursive: true, force: true }));

  const side = (id: string): LiftSide & { readonly fileOffset: number } => {
    const found = after.sides.get(id);
    if (found?.fileOffset === undefined) throw new Error(`${id} lies nowhere in the file`);
    return { ...found, fileOffset: found.fileOffset };
  };
  const referrers = (id: string): string[] => after.leaves.filter(({ refs }) => refs.includes(id)).map((leaf) => leaf.id);
  const changed = (): ReadonlySet<string> => new Set(honest.changes.flatMap(({ baseline, candidate }) => [baseline?.id ?? '', candidate?.id ?? '']));
  /** Units that nobody but unchanged functions of esbuild itself refers to. */
  const ofUnchangedCode = (prefix: string): string[] => {
    const listed = changed();
    return after.leaves
      .filter(({ id, size }) => id.startsWith(prefix) && !id.includes('~') && size >= 16 && !listed.has(id))
      .map(({ id }) => id)
      .filter((id) => {
        const by = referrers(id);
        return by.length > 0 && by.every((other) => other.startsWith(OWN) && !listed.has(other));
      });
  };

  async function altered(offset: number, change: (bytes: Buffer) => void): Promise<string[]> {
    const bytes = Buffer.from(after.bytes);
    change(bytes.subarray(offset));
    expect(bytes.equals(after.bytes)).toBe(false);
    const path = join(folder, 'esbuild');
    await writeFile(path, bytes);
    return unexplainedIds(deltaView(before, await liftFile(path)), claims);
  }

  test('as it is, nothing is left', () => {
    expect(unexplainedIds(honest, claims)).toEqual([]);
  });

  test('one instruction of a function', async () => {
    const id = `${OWN}internal/js_lexer.(*Lexer).Next`;
    const { fileOffset, sizeBytes } = side(id);
    const jumpIfNotEqual = after.bytes.subarray(fileOffset, fileOffset + sizeBytes).indexOf(Buffer.from([0x0f, 0x85]));
    expect(jumpIfNotEqual).toBeGreaterThan(0);
    expect(await altered(fileOffset + jumpIfNotEqual, (bytes) => bytes.writeUInt8(0x84, 1))).toEqual([id]);
  }, MINUTE_MS);

  test('one character of a text', async () => {
    const [id] = ofUnchangedCode('data#');
    expect(id).toBeDefined();
    const ids = await altered(side(id ?? '').fileOffset, (bytes) => bytes.writeUInt8(bytes.readUInt8(0) ^ 1, 0));
    expect(ids).toEqual(expect.arrayContaining([id, ...referrers(id ?? '')]));
  }, MINUTE_MS);

  test('what a variable holds at first', async () => {
    const candidates = ofUnchangedCode('var#');
    expect(candidates.length).toBeGreaterThan(0);
    for (const id of candidates.slice(0, 3)) {
      const ids = await altered(side(id).fileOffset, (bytes) => bytes.writeUInt8(bytes.readUInt8(8) ^ 1, 8));
      expect(ids).toEqual(expect.arrayContaining([id, ...referrers(id)]));
    }
  }, 2 * MINUTE_MS);

  test('a function of the same code that is led to another variable', async () => {
    const id = `${OWN}pkg/api.(*internalContext).Serve.func3`;
    expect(honest.changes.find(({ baseline }) => baseline?.id === id)?.sameCode).toBe(true);
    const { fileOffset, sizeBytes, address, writable = [] } = side(id);
    const code = after.bytes.subarray(fileOffset, fileOffset + sizeBytes);
    const displacement = operandTo(writable.map(Number), code, Number(address));
    expect(displacement).toBeGreaterThan(0);
    const ids = await altered(fileOffset + displacement, (bytes) => bytes.writeInt32LE(bytes.readInt32LE() + 16));
    expect(ids).toContain(id);
  }, MINUTE_MS);

  test('a function of a package’s initialisation that is exchanged', async () => {
    const initialiser = side(`${OWN}internal/js_lexer.init`);
    const pointer = Buffer.alloc(8);
    pointer.writeBigUInt64LE(BigInt(initialiser.address));
    const record = after.bytes.lastIndexOf(pointer);
    expect(record).toBeGreaterThan(0);
    const ids = await altered(record, (bytes) => bytes.writeBigUInt64LE(BigInt(side(`${OWN}internal/js_printer.init`).address)));
    expect(ids).toEqual(expect.arrayContaining(['go:inittask:github.com/evanw/esbuild/internal/js_lexer']));
  }, MINUTE_MS);
});

/** Where in the code the last operand lies, relative to the next instruction, that leads to one of the places. */
function operandTo(places: readonly number[], code: Buffer, address: number): number {
  for (let at = code.length - 4; at > 0; at -= 1) {
    if (places.includes(address + at + 4 + code.readInt32LE(at))) return at;
  }
  return -1;
}
