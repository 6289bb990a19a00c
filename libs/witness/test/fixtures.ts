import { encodeArguments, type VerifyResultInput, type WitnessCore } from '../src/index.js';

export const hex = (digit: string): string => digit.repeat(64);

export const CORE: WitnessCore = {
  incident: 'esbuild-3205',
  programPath: '/capsule/program',
  arguments: encodeArguments(['--loader=ts']).reference,
  stdin: { sha256: hex('1'), sizeBytes: 47 },
  files: [],
  environment: [{ name: 'HOME', value: '/nonexistent' }],
  seeds: [{ name: 'random', value: '18446744073709551615' }],
  clock: { epochNs: '1577836800000000000', tickNs: 1_000 },
  locale: 'C.UTF-8',
  timeZone: 'UTC',
  hostname: 'capsule',
  pid: 2,
  uid: 1_000,
  gid: 1_000,
  toolchain: { runnerSha256: hex('2'), image: null },
  artifact: { sha256: hex('3'), closure: [] },
  symbolPointers: [{ gnuBuildId: 'ab12', moduleOffset: '0x1f', identity: null }],
  network: { mode: 'none' },
  caps: {
    cpuMs: 10_000,
    wallMs: 20_000,
    memoryBytes: 1 << 29,
    pids: 64,
    diskBytes: 1 << 26,
    outputBytes: 1 << 20,
    openFiles: 256,
  },
  expectedFailure: {
    exit: { code: 1 },
    capHit: null,
    canonicaliser: 'go-panic/1',
    stdoutSha256: hex('4'),
    stderrSha256: hex('5'),
  },
  passPredicate: { exitCode: 0, stdoutSha256: hex('6') },
  redaction: { policy: 'none/1', withheld: [] },
  provenance: [],
  minimisedFrom: null,
};

const run = (at: number): VerifyResultInput['runs'][number] => ({
  runId: `00000000-0000-4000-8000-${String(at).padStart(12, '0')}`,
  observation: 'expected-failure',
  rawSha256: hex((at % 3).toString()),
  canonicalSha256: hex('a'),
  capHit: null,
});

export const RESULT_INPUT: VerifyResultInput = {
  tenant: 'acme',
  witnessId: hex('7'),
  artifactSha256: hex('3'),
  cacheKey: hex('8'),
  replaysRequested: 20,
  canonicaliser: 'go-panic/1',
  determinism: 'D1',
  isolation: 'I1',
  pins: [{ name: 'aslr', state: 'pinned', reason: '' }],
  runnerSha256: hex('2'),
  kernel: '6.1.0',
  cpuModelClass: 'GenuineIntel/6/85',
  runs: Array.from({ length: 20 }, (_, at) => run(at)),
};
