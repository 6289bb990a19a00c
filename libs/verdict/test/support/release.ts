import { hash } from 'node:crypto';
import { PREDICATE_TYPES, signStatement, type Signer } from '@stella/attestation';
import { buildUnitIndex, compareIndexes, encodeLeaf, indexRef, type Leaf, liftIndexPredicate, proveDelta, type UnitSide } from '@stella/binary-delta';
import { buildDeltaScope, DELTA_SCOPE_PREDICATE_TYPE } from '@stella/policy';
import { buildVerifyResult, buildWitness, type MicroWitness, type Observation, type WitnessCore } from '@stella/witness';
import { PAIRS } from './keys.js';

export const MODULE = 'example.org/app';
export const BASELINE = hash('sha256', 'baseline');
export const CANDIDATE = hash('sha256', 'candidate');
const LIFTER = { sha256: hash('sha256', 'lifter'), ruleset: 'test/1' };

export interface TestUnit {
  readonly name: string;
  readonly content: string;
  readonly kind?: Leaf['kind'];
  readonly refs?: readonly string[];
}

const idOf = ({ kind = 'function', name, content }: TestUnit): string => (kind === 'function' ? `fn:${name}` : kind === 'data' ? `data#${hash('sha256', content).slice(0, 16)}` : name);

function indexOf(units: readonly TestUnit[], artifactSha256: string) {
  const leaves = units.map((unit): Leaf => ({
    e1: hash('sha256', `e1 ${unit.content} ${(unit.refs ?? []).join(' ')}`),
    id: idOf(unit),
    kind: unit.kind ?? 'function',
    name: unit.kind === 'data' ? '' : unit.name,
    refs: [...(unit.refs ?? [])].sort(),
    residual: 0,
    size: unit.content.length,
  }));
  const sides = units.map((unit): UnitSide => ({ id: idOf(unit), e2: hash('sha256', `e2 ${unit.content}`), address: '0x1000', instructions: 9 }));
  return { ...buildUnitIndex(leaves.map(encodeLeaf), sides, LIFTER), artifactSha256 };
}

export const PARSE = `${MODULE}/parser.(*parser).parse`;
const dataRef = (content: string): string => idOf({ kind: 'data', name: '', content });
const KEPT: readonly TestUnit[] = ['main.main', `${MODULE}/parser.New`, `${MODULE}/printer.Print`, 'runtime.mallocgc', 'strings.Cut', `${MODULE}/printer.Flush`, ...['Load', 'Save', 'Check', 'Merge', 'Split', 'Find'].map((name) => `${MODULE}/config.${name}`)].map((name) => ({ name, content: `body of ${name}` }));

export const OLD_UNITS: readonly TestUnit[] = [...KEPT, { name: PARSE, content: 'parse', refs: [dataRef('old table')] }, { name: '', kind: 'data', content: 'old table' }];
export const NEW_UNITS: readonly TestUnit[] = [...KEPT, { name: PARSE, content: 'parse, mended', refs: [dataRef('new table')] }, { name: '', kind: 'data', content: 'new table' }];

export interface DeltaOptions {
  readonly old?: readonly TestUnit[];
  readonly next?: readonly TestUnit[];
  readonly goVersions?: readonly [string, string];
  readonly signer?: Signer;
}

/** Envelopes of both indexes, the proof between them, and its scope. */
export async function deltaEnvelopes({ old = OLD_UNITS, next = NEW_UNITS, goVersions = ['go1.20.5', 'go1.20.5'], signer = PAIRS.psdi }: DeltaOptions = {}) {
  const before = indexOf(old, BASELINE);
  const after = indexOf(next, CANDIDATE);
  const delta = compareIndexes(before, after);
  const lift = (index: ReturnType<typeof indexOf>, goVersion: string) => {
    const ref = indexRef(index.set, index.artifactSha256, LIFTER);
    const { sizeBytes } = ref.sums;
    const toolchain = { name: 'go', version: goVersion, gnuBuildId: '', goBuildId: '', goVersion, mainModule: MODULE };
    const predicate = liftIndexPredicate(ref, { artifactSizeBytes: sizeBytes, totals: { loadedBytes: sizeBytes, coveredBytes: sizeBytes, residualBytes: 0 }, sidesSha256: hash('sha256', 'sides'), toolchain, liftedBy: 'acme' });
    return signStatement({ subjects: [{ name: 'artifact', sha256: index.artifactSha256 }], predicateType: PREDICATE_TYPES.liftIndex, predicate }, signer);
  };
  const both = [{ name: 'baseline', sha256: BASELINE }, { name: 'candidate', sha256: CANDIDATE }];
  const [oldIndex, newIndex, proof, scope] = await Promise.all([
    lift(before, goVersions[0]),
    lift(after, goVersions[1]),
    signStatement({ subjects: both, predicateType: PREDICATE_TYPES.deltaProof, predicate: proveDelta(before, after, delta) }, signer),
    signStatement({ subjects: both, predicateType: DELTA_SCOPE_PREDICATE_TYPE, predicate: buildDeltaScope(before, after, delta, [MODULE]) }, signer),
  ]);
  return { oldIndex, newIndex, proof, scope };
}

const hex = (text: string): string => hash('sha256', text);

const CORE: WitnessCore = {
  incident: 'app-7',
  programPath: '/capsule/program',
  arguments: { sha256: hex('arguments'), sizeBytes: 9, count: 1 },
  stdin: null,
  files: [],
  environment: [],
  seeds: [],
  clock: { epochNs: '1577836800000000000', tickNs: 1_000 },
  locale: 'C.UTF-8',
  timeZone: 'UTC',
  hostname: 'capsule',
  pid: 2,
  uid: 1_000,
  gid: 1_000,
  toolchain: { runnerSha256: hex('runner'), image: null },
  artifact: { sha256: BASELINE, closure: [] },
  symbolPointers: [],
  network: { mode: 'none' },
  caps: { cpuMs: 10_000, wallMs: 20_000, memoryBytes: 1 << 29, pids: 64, diskBytes: 1 << 26, outputBytes: 1 << 20, openFiles: 256 },
  expectedFailure: { exit: { code: 1 }, capHit: null, canonicaliser: 'go-panic/1', stdoutSha256: hex('stdout'), stderrSha256: hex('stderr') },
  passPredicate: { exitCode: 0, stdoutSha256: hex('good') },
  redaction: { policy: 'none/1', withheld: [] },
  provenance: [],
  minimisedFrom: null,
};

export const WITNESS: MicroWitness = buildWitness(CORE);

export function witnessEnvelope(signer: Signer = PAIRS.psdi): Promise<Uint8Array> {
  return signStatement({ subjects: [{ name: 'baseline', sha256: BASELINE }], predicateType: PREDICATE_TYPES.microWitness, predicate: WITNESS }, signer);
}

export interface ResultOptions {
  readonly artifact?: string;
  readonly replays?: number;
  readonly tenant?: string;
  readonly runsOf?: string;
  readonly signer?: Signer;
}

export function resultEnvelope(side: 'baseline' | 'candidate', observation: Observation, options: ResultOptions = {}): Promise<Uint8Array> {
  const { artifact = side === 'baseline' ? BASELINE : CANDIDATE, replays = 20, tenant = 'acme', runsOf = side, signer = PAIRS.psdi } = options;
  const made = observation !== 'not-run';
  const runs = Array.from({ length: replays }, (_, at) => ({
    runId: `${hex(runsOf).slice(0, 8)}-0000-4000-8000-${String(at).padStart(12, '0')}`,
    observation,
    rawSha256: made ? hex(`raw ${observation}`) : null,
    canonicalSha256: made ? hex(`canonical ${observation}`) : null,
    capHit: null,
  }));
  const predicate = buildVerifyResult({
    tenant,
    witnessId: WITNESS.witnessId,
    artifactSha256: artifact,
    cacheKey: hex(`cache ${side}`),
    replaysRequested: replays,
    canonicaliser: 'go-panic/1',
    determinism: 'D1',
    isolation: 'I1',
    pins: [{ name: 'aslr', state: 'pinned', reason: '' }],
    runnerSha256: hex('runner'),
    kernel: '6.1.0',
    cpuModelClass: 'GenuineIntel/6/85',
    runs,
  });
  return signStatement({ subjects: [{ name: side, sha256: artifact }], predicateType: PREDICATE_TYPES.verifyResult, predicate }, signer);
}

export function crossEnvelope(payloadSha256: string, signer: Signer, change: object = {}): Promise<Uint8Array> {
  const predicate = { payloadSha256, result: 'agrees', how: 'lift', relation: 'partner', ...change };
  return signStatement({ subjects: [{ name: 'candidate', sha256: CANDIDATE }], predicateType: PREDICATE_TYPES.crossVerification, predicate }, signer);
}
