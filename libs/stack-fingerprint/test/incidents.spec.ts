import { MemoryTraceIndex, matchTrace, symboliseTrace, fingerprint, stackIdentity, type AnalysedStack } from '../src/index.js';
import { sample, sampleSymbols } from './samples.js';

const symbolised = (level: 'O1' | 'O2'): AnalysedStack => {
  const { trace } = symboliseTrace(sample(`lua-5.4.0-${level}.json`).trace, sampleSymbols(`lua-5.4.0-${level}.symbols.json`));
  return { trace, fingerprints: fingerprint(trace) };
};

const INCIDENTS: Readonly<Record<string, () => AnalysedStack>> = {
  'esbuild-2892': () => sample('esbuild-2892-0.17.5.txt'),
  'esbuild-2991': () => sample('esbuild-2991-0.17.5.txt'),
  'esbuild-3052': () => sample('esbuild-3052-0.17.16.1.txt'),
  'esbuild-3205': () => sample('esbuild-3205-0.17.6.txt'),
  'esbuild-3551': () => sample('esbuild-3551-0.17.5.txt'),
  'lua-CVE-2020-24370': () => symbolised('O2'),
};

async function knownIncidents(except?: string): Promise<MemoryTraceIndex> {
  const index = new MemoryTraceIndex();
  for (const [incidentId, load] of Object.entries(INCIDENTS)) {
    if (incidentId !== except) await index.put({ traceId: `${incidentId}/1`, incidentId, ...load() });
  }
  return index;
}

test.each(Object.keys(INCIDENTS))('%s is not the same as any of the other five', async (incidentId) => {
  const query = INCIDENTS[incidentId]?.() as AnalysedStack;
  const result = await matchTrace(query, await knownIncidents(incidentId));
  expect(result.candidates.filter((candidate) => candidate.decision === 'same')).toEqual([]);
});

test.each([
  ['esbuild-2991', 'esbuild-2991-0.17.11.txt'],
  ['esbuild-3205', 'esbuild-3205-0.18.11.txt'],
  ['esbuild-3551', 'esbuild-3551-0.19.9.txt'],
  ['esbuild-3052', 'esbuild-3052-0.17.16.2.txt'],
  ['esbuild-3052', 'esbuild-3052-0.17.16.4.txt'],
])('%s is found again by another version or run', async (incidentId, name) => {
  const result = await matchTrace(sample(name), await knownIncidents());
  const same = result.candidates.filter((candidate) => candidate.decision === 'same');
  expect(same.map((candidate) => candidate.incidentId)).toEqual([incidentId]);
  expect(same[0]).toMatchObject({ level: 'K1', ground: 'stack-equal' });
});

test('two bugs that fail in one function are related, and no more', async () => {
  const result = await matchTrace(sample('esbuild-3205-0.18.11.txt'), await knownIncidents('esbuild-3205'));
  expect(result.candidates[0]).toMatchObject({ incidentId: 'esbuild-2991', decision: 'related' });
});

test('another optimisation level of the same bug matches by function', async () => {
  const result = await matchTrace(symbolised('O1'), await knownIncidents());
  expect(result.candidates[0]).toMatchObject({
    incidentId: 'lua-CVE-2020-24370',
    decision: 'same',
    ground: 'score-and-signature',
  });
});

test('a stripped trace has no function to match by; symbols arrive, and the stored trace matches', async () => {
  const index = await knownIncidents();
  const stripped = sample('lua-5.4.0-O1.json');
  expect(stripped.fingerprints.k1).toBeUndefined();
  expect((await matchTrace(stripped, index)).candidates.map((candidate) => candidate.decision)).not.toContain('same');

  const stored = symboliseTrace(stripped.trace, sampleSymbols('lua-5.4.0-O1.symbols.json'));
  expect(stored).toMatchObject({ resolved: 12, unresolved: 0 });
  const prints = fingerprint(stored.trace);
  expect(prints.k0).toBe(stripped.fingerprints.k0);
  const result = await matchTrace({ trace: stored.trace, fingerprints: prints }, index);
  expect(result.candidates[0]).toMatchObject({ decision: 'same', incidentId: 'lua-CVE-2020-24370' });
});

test('a replay is compared by functions where there are names, else by machine code', () => {
  const { fingerprints } = sample('lua-5.4.0-O2.json');
  expect(stackIdentity(fingerprints)).toBe(`k0:${fingerprints.k0}`);
  expect(stackIdentity(symbolised('O2').fingerprints)).toBe(`k1:${symbolised('O2').fingerprints.k1}`);
});

test('the same machine code is the same crash, names or not', async () => {
  const index = new MemoryTraceIndex();
  await index.put({ traceId: 'a', ...sample('lua-5.4.0-O2.json') });
  const result = await matchTrace(sample('lua-5.4.0-O2.json'), index);
  expect(result.candidates[0]).toMatchObject({ decision: 'same', level: 'K0', ground: 'machine-code-equal' });
  const other = await matchTrace(sample('lua-5.4.0-O1.json'), index);
  expect(other.decision).not.toBe('same');
});
