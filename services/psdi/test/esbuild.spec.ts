import { readFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { UnitChange, VerifyMode } from '@stella/contracts/stella/psdi/v1alpha/psdi';
import { isDomainError } from '@stella/errors';
import { incidentById, resolveRelease } from '@stella/incidents';
import { nativeIsHere } from '@stella/native/testing';
import { createDelta, createIndex, type PsdiClient, PsdiRuntime, upload } from './support/psdi-runtime.js';

async function programs(): Promise<readonly [Buffer, Buffer] | undefined> {
  const { bad, good } = incidentById('esbuild-3205');
  const options = { cacheDir: join(tmpdir(), 'stella-test-incidents') };
  try {
    const [old, next] = await Promise.all([resolveRelease(bad, options), resolveRelease(good, options)]);
    return [readFileSync(old.program), readFileSync(next.program)];
  } catch (error) {
    if (!isDomainError(error, 'RELEASE_UNAVAILABLE')) throw error;
    process.stderr.write(`SKIPPED psdi on esbuild: ${error.facts.release} is missing; ${error.next}\n`);
    return undefined;
  }
}

const pair = nativeIsHere('psdi on esbuild') ? await programs() : undefined;
const describeHere = pair ? describe : describe.skip;

describeHere('esbuild 0.18.11 and 0.18.12', () => {
  const [old, next] = pair ?? [Buffer.alloc(0), Buffer.alloc(0)];
  let psdi: PsdiRuntime;
  let client: PsdiClient;
  beforeAll(async () => {
    psdi = await PsdiRuntime.start();
    client = psdi.client();
  }, 60_000);
  afterAll(() => psdi.stop());

  test('the release that mends the incident changes the function that failed, and few others', async () => {
    const digests = [await upload(client, old, 'esbuild 0.18.11'), await upload(client, next, 'esbuild 0.18.12')] as const;
    const timed = async <T>(what: string, work: () => Promise<T>): Promise<T> => {
      const startedMs = performance.now();
      const result = await work();
      process.stderr.write(`${what}: ${Math.round(performance.now() - startedMs)} ms\n`);
      return result;
    };
    const index = await timed('index, cold', () => createIndex(client, digests[0]));
    await timed('index of the candidate, cold', () => createIndex(client, digests[1]));
    expect(index).toMatchObject({ toolchainName: 'go', toolchainVersion: 'go1.20.5' });
    expect(index.functionCount).toBeGreaterThan(6_700);
    const delta = await timed('delta of two indexes', () => createDelta(client, ...digests));
    for (let run = 0; run < 3; run++) await timed('delta, cached', () => createDelta(client, ...digests));
    await timed('delta the other way', () => createDelta(client, digests[1], digests[0]));

    const { units } = await client.listDeltaUnits({ parent: delta.name, kind: 'function', pageSize: 1_000, pageToken: '' });
    const names = units.map(({ displayName }) => displayName);
    expect(names).toContain('github.com/evanw/esbuild/internal/js_parser.(*parser).parseTypeScriptEnumStmt');
    expect(units.length).toBeLessThan(40);
    const identical = delta.counts.find(({ kind, change }) => kind === 'function' && change === UnitChange.UNIT_CHANGE_IDENTICAL)?.count ?? 0;
    expect(identical + units.filter(({ change }) => change !== UnitChange.UNIT_CHANGE_ADDED).length).toBe(index.functionCount);

    const envelope = delta.proof?.envelope ?? Buffer.alloc(0);
    const durationsUs: number[] = [];
    for (let run = 0; run < 20; run++) {
      const verdict = await client.verifyDelta({ envelope, mode: VerifyMode.VERIFY_MODE_FAST });
      expect(verdict).toMatchObject({ valid: true, provenance: 'proved' });
      durationsUs.push(Number(verdict.durationUs));
    }
    durationsUs.sort((a, b) => a - b);
    process.stderr.write(`envelope ${envelope.byteLength} bytes, ${units.length} functions; fast check of ${durationsUs.length}: median ${durationsUs[10]} us, p95 ${durationsUs[18]} us\n`);
    expect(await timed('deep check', () => client.verifyDelta({ envelope, mode: VerifyMode.VERIFY_MODE_DEEP }))).toMatchObject({ valid: true, provenance: 'proved' });
    process.stderr.write(`${names.join('\n')}\n`);
  }, 300_000);

  test('where the failing function still occurs is a look-up', async () => {
    const { occurrences } = await client.findFunction({
      identity: { $case: 'functionName', value: 'github.com/evanw/esbuild/internal/js_parser.(*parser).parseTypeScriptEnumStmt' },
      pageSize: 0,
      pageToken: '',
    });
    expect(occurrences).toHaveLength(2);
    const [first] = occurrences;
    const sameCode = await client.findFunction({ identity: { $case: 'e1', value: first?.e1 ?? '' }, pageSize: 0, pageToken: '' });
    expect(sameCode.occurrences.map(({ artifactSha256 }) => artifactSha256)).toEqual([first?.artifactSha256]);
  });
});
