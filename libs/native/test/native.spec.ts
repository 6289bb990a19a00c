import { execFileSync } from 'node:child_process';
import { mkdtempSync, readdirSync, readFileSync, rmSync, truncateSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { LIFTER_REASONS } from '@stella/errors';
import { functionSymbols, identify, lift, type LiftLimits, probeCapsule, runCapsule, symbolize } from '../src/index.js';
import { nativeIsHere } from '../src/testing/index.js';

const dir = mkdtempSync(join(tmpdir(), 'native-real-'));
afterAll(() => rmSync(dir, { recursive: true }));

const describeHere = nativeIsHere('native executable') ? describe : describe.skip;

async function drain(path: string, limits: LiftLimits = {}): Promise<string[]> {
  const kinds: string[] = [];
  for await (const frame of lift(path, limits)) kinds.push(frame.kind);
  return kinds;
}

describeHere('bad input to the real lifter', () => {
  const file = (name: string, bytes: Buffer | string): string => {
    const path = join(dir, name);
    writeFileSync(path, bytes);
    return path;
  };

  test.each([
    ['INPUT_EMPTY', 'an empty file', () => file('empty', '')],
    ['INPUT_NOT_ELF', 'a text file', () => file('text', 'hello, world\n'.repeat(100))],
    ['NATIVE_FAILED', 'a file that is not there', () => join(dir, 'nowhere')],
    ['NATIVE_FAILED', 'a folder', () => dir],
    ['ARCH_UNSUPPORTED', 'an ELF header and nothing more', () => file('short', Buffer.concat([Buffer.from('7f454c46020101', 'hex'), Buffer.alloc(60)]))],
    ['INPUT_TRUNCATED', 'half a program', () => file('half', readFileSync('/usr/bin/cat').subarray(0, 20_000))],
    [
      'INPUT_TOO_LARGE',
      'a sparse file of 4 GB',
      () => {
        const path = file('sparse', '');
        truncateSync(path, 4 * 2 ** 30);
        return path;
      },
    ],
  ])('%s: %s', async (reason, _, make) => {
    await expect(drain(make())).rejects.toMatchObject({ reason, next: expect.stringMatching(/./) });
  });

  test('a file for which there is no memory', async () => {
    await expect(drain('/usr/bin/cat', { memoryBytesMax: 100_000 })).rejects.toMatchObject({ reason: 'LIMIT_MEMORY' });
  });

  test('every reason that the lifter has for a file is one of the catalogue, or its caller is told to read it', () => {
    const crate = new URL('../crates/stella-lift/src/', import.meta.url);
    const sources = readdirSync(crate, { recursive: true, encoding: 'utf8' }).filter((name) => name.endsWith('.rs'));
    const reasons = sources.flatMap((name) => [...readFileSync(new URL(name, crate), 'utf8').matchAll(/Failure::new\(\s*"([A-Z_]+)"|"reason":"([A-Z_]+)"/g)].map(([, made, written]) => made ?? written));
    const untyped = reasons.filter((reason) => !Object.hasOwn(LIFTER_REASONS, reason ?? ''));
    // The file could not be read, or the call itself was wrong: these are about the machine and the caller.
    expect([...new Set(untyped)].sort()).toEqual(['INPUT_CHANGED', 'INPUT_UNREADABLE', 'OUTPUT_FAILED', 'USAGE']);
    expect(Object.keys(LIFTER_REASONS).filter((reason) => !reasons.includes(reason))).toEqual([]);
  });

  test('a file above the limit that the caller sets is refused', async () => {
    await expect(drain(file('big', Buffer.alloc(100_000)), { fileBytesMax: 1000 })).rejects.toMatchObject({
      reason: 'INPUT_TOO_LARGE',
    });
  });
});

describeHere('the real capsule', () => {
  test('the probe names every mechanism', async () => {
    const probe = await probeCapsule();
    expect(Object.keys(probe.namespaces).length).toBeGreaterThan(3);
    expect(probe.cpuModelClass).not.toBe('');
  });

  test('a run gives its outcome; a program that is missing, the reason', async () => {
    const outcome = await runCapsule({
      program: '/usr/bin/cat',
      stdin: { base64: Buffer.from('through the capsule').toString('base64') },
      clock: { epochNs: 1_577_836_800_000_000_001n, tickNs: 1000n },
      seeds: { random: 2n ** 64n - 1n },
    });
    expect(outcome.exit).toEqual({ code: 0 });
    expect(Buffer.from(outcome.stdout.base64, 'base64').toString()).toBe('through the capsule');
    expect(outcome.isolation).toBe('I1');
    await expect(runCapsule({ program: join(dir, 'nobody') })).rejects.toMatchObject({
      reason: 'NATIVE_FAILED',
      facts: { nativeReason: 'PROGRAM_NOT_FOUND' },
    });
  });
});

describeHere('the environment of a capsule', () => {
  test('is that of its request alone: what its own process is told of a trace, the program never sees', async () => {
    const request = { program: '/usr/bin/env', env: { GIVEN: 'yes' } };
    const traced = await runCapsule(request, { env: { TRACEPARENT: '00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01' } });
    const printed = Buffer.from(traced.stdout.base64, 'base64').toString();
    expect(printed).toContain('GIVEN=yes');
    expect(printed).not.toMatch(/TRACEPARENT|4bf92f/);
    expect((await runCapsule(request)).stdout).toEqual(traced.stdout);
  });
});

describeHere('the identity and the symbols of a file', () => {
  test('a program that was just compiled: build id, functions, lines', async () => {
    const source = join(dir, 'program.c');
    const program = join(dir, '--symbols');
    writeFileSync(source, 'int twice(int n) { return n + n; }\nint main(void) { return twice(0); }\n');
    execFileSync('gcc', ['-g', '-O0', '-Wl,--build-id=sha1', '-o', program, source]);
    const identity = await identify(program);
    expect(identity).toMatchObject({ format: 'elf', arch: 'x86-64', goBuildId: null, hasDebugInfo: true, stripped: false });
    expect(identity.gnuBuildId).toMatch(/^[0-9a-f]{40}$/);
    const symbols = [];
    for await (const batch of functionSymbols(program)) symbols.push(...batch);
    const twice = symbols.find(({ name }) => name === 'twice');
    expect(twice).toMatchObject({ sizeBytes: expect.any(Number) });
    const address = BigInt(twice?.address ?? 0);
    const [known, unknown] = await symbolize(program, [address + 4n, 1n]);
    expect(known).toEqual({ address: `0x${(address + 4n).toString(16)}`, function: 'twice', offset: 4, file: source, line: 1 });
    expect(unknown).toEqual({ address: '0x1' });
    execFileSync('strip', [program]);
    expect(await identify(program)).toMatchObject({ gnuBuildId: identity.gnuBuildId, hasDebugInfo: false, stripped: true });
  });

  test('more addresses than one call takes, and a file that is no program, are refused', async () => {
    await expect(symbolize('/usr/bin/cat', new Array<bigint>(1025).fill(1n))).rejects.toMatchObject({ reason: 'REQUEST_INVALID' });
    writeFileSync(join(dir, 'text'), 'no program');
    await expect(identify(join(dir, 'text'))).rejects.toMatchObject({ reason: 'INPUT_NOT_ELF' });
  });
});
