import { hash } from 'node:crypto';
import { parseEnvelope, PREDICATE_TYPES, sha256Hex, signStatement, type Signer } from '@stella/attestation';
import { buildUnitIndex, compareIndexes, encodeLeaf, indexRef, type Leaf, liftIndexPredicate, proveDelta, type UnitSide } from '@stella/binary-delta';
import { buildDeltaScope, DELTA_SCOPE_PREDICATE_TYPE } from '@stella/policy';
import { buildVerifyResult, buildWitness, type MicroWitness, type Observation, type WitnessCore } from '@stella/witness';
import { KEYS } from './installation.js';

export const MODULE = 'example.org/app';
export const MENDED = `${MODULE}/parser.(*parser).parse`;
export const TRUE_CLAIMS = ['fixes incident app-7', 'changes parser.(*parser).parse'];
export const ARTIFACT = Buffer.from('the mended program');
export const BASELINE = hash('sha256', 'the broken program');
export const CANDIDATE = sha256Hex(ARTIFACT);

const LIFTER = { sha256: hash('sha256', 'lifter'), ruleset: 'test/1' };
const PACKAGES = ['config', 'printer', 'network', 'storage'];
const KEPT = [...PACKAGES.flatMap((name) => ['Open', 'Close', 'Read', 'Write'].map((verb) => `${MODULE}/${name}.${verb}`)), 'main.main', 'runtime.mallocgc'];

/** Bodies of functions by their names. */
export type Program = Readonly<Record<string, string>>;
const program = (mended: string): Program => ({ ...Object.fromEntries(KEPT.map((name) => [name, `body of ${name}`])), [MENDED]: mended });
export const BROKEN_PROGRAM = program('panics');
export const MENDED_PROGRAM = program('returns an error');

function indexOf(functions: Program, artifactSha256: string) {
  const ordered = Object.entries(functions);
  const leaves = ordered.map(([name, body]): Leaf => ({ e1: hash('sha256', `e1 ${body}`), id: `fn:${name}`, kind: 'function', name, refs: [], residual: 0, size: 16 + body.length }));
  const sides = ordered.map(([name, body]): UnitSide => ({ id: `fn:${name}`, e2: hash('sha256', `e2 ${body}`), address: '0x1000', instructions: 9 }));
  return { ...buildUnitIndex(leaves.map(encodeLeaf), sides, LIFTER), artifactSha256 };
}

export interface DeltaEnvelopes {
  readonly baselineIndex: Uint8Array;
  readonly candidateIndex: Uint8Array;
  readonly proof: Uint8Array;
  readonly scope: Uint8Array;
}

/** What psdi would sign about two programs. */
export async function deltaOf(before: Program = BROKEN_PROGRAM, after: Program = MENDED_PROGRAM, artifacts: readonly [string, string] = [BASELINE, CANDIDATE]): Promise<DeltaEnvelopes> {
  const [old, next] = [indexOf(before, artifacts[0]), indexOf(after, artifacts[1])];
  const delta = compareIndexes(old, next);
  const sign = (subjects: readonly string[], predicateType: string, predicate: object) =>
    signStatement({ subjects: subjects.map((sha256, at) => ({ name: `artifact ${at}`, sha256 })), predicateType, predicate }, KEYS.psdi);
  const lift = (index: typeof old) => {
    const ref = indexRef(index.set, index.artifactSha256, LIFTER);
    const { sizeBytes } = ref.sums;
    const toolchain = { name: 'go', version: 'go1.20.5', gnuBuildId: '', goBuildId: '', goVersion: 'go1.20.5', mainModule: MODULE };
    const totals = { loadedBytes: sizeBytes, coveredBytes: sizeBytes, residualBytes: 0 };
    return sign([index.artifactSha256], PREDICATE_TYPES.liftIndex, liftIndexPredicate(ref, { artifactSizeBytes: sizeBytes, totals, sidesSha256: hash('sha256', 'sides'), toolchain, liftedBy: 'acme' }));
  };
  const [baselineIndex, candidateIndex, proof, scope] = await Promise.all([
    lift(old),
    lift(next),
    sign(artifacts, PREDICATE_TYPES.deltaProof, proveDelta(old, next, delta)),
    sign(artifacts, DELTA_SCOPE_PREDICATE_TYPE, buildDeltaScope(old, next, delta, [MODULE])),
  ]);
  return { baselineIndex, candidateIndex, proof, scope };
}

const CORE: WitnessCore = {
  incident: 'app-7',
  programPath: '/capsule/program',
  arguments: { sha256: hash('sha256', 'arguments'), sizeBytes: 9, count: 1 },
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
  toolchain: { runnerSha256: hash('sha256', 'runner'), image: null },
  artifact: { sha256: BASELINE, closure: [] },
  symbolPointers: [],
  network: { mode: 'none' },
  caps: { cpuMs: 10_000, wallMs: 20_000, memoryBytes: 1 << 29, pids: 64, diskBytes: 1 << 26, outputBytes: 1 << 20, openFiles: 256 },
  expectedFailure: { exit: { code: 2 }, capHit: null, canonicaliser: 'go-panic/1', stdoutSha256: hash('sha256', ''), stderrSha256: hash('sha256', 'panic') },
  passPredicate: { exitCode: 0, stdoutSha256: hash('sha256', 'good') },
  redaction: { policy: 'none/1', withheld: [] },
  provenance: [],
  minimisedFrom: null,
};

export function witnessOf(incident = 'app-7', change: Partial<WitnessCore> = {}): MicroWitness {
  return buildWitness({ ...CORE, incident, ...change });
}

export function signWitness(witness: MicroWitness): Promise<Uint8Array> {
  return signStatement({ subjects: [{ name: 'artifact', sha256: witness.core.artifact.sha256 }], predicateType: PREDICATE_TYPES.microWitness, predicate: witness }, KEYS.frvf);
}

/** What frvf would sign about so many replays that all went the same way. */
export function signResult(tenant: string, witness: MicroWitness, artifactSha256: string, replays: number, observation: Observation): Promise<Uint8Array> {
  const made = observation !== 'not-run';
  const runs = Array.from({ length: replays }, (_, at) => ({
    runId: `${hash('sha256', `${witness.witnessId} ${artifactSha256} ${replays}`).slice(0, 8)}-0000-4000-8000-${String(at).padStart(12, '0')}`,
    observation,
    rawSha256: made ? hash('sha256', `raw ${observation}`) : null,
    canonicalSha256: made ? hash('sha256', `canonical ${observation}`) : null,
    capHit: null,
  }));
  const predicate = buildVerifyResult({
    tenant,
    witnessId: witness.witnessId,
    artifactSha256,
    cacheKey: hash('sha256', `cache ${witness.witnessId} ${artifactSha256}`),
    replaysRequested: replays,
    canonicaliser: 'go-panic/1',
    determinism: 'D1',
    isolation: 'I1',
    pins: [{ name: 'aslr', state: 'pinned', reason: '' }],
    runnerSha256: hash('sha256', 'runner'),
    kernel: '6.1.0',
    cpuModelClass: 'GenuineIntel/6/85',
    runs,
  });
  return signStatement({ subjects: [{ name: 'artifact', sha256: artifactSha256 }], predicateType: PREDICATE_TYPES.verifyResult, predicate }, KEYS.frvf);
}

/** What another organisation would sign about a statement that it checked by lifting itself. */
export function signCheck(checked: Uint8Array, signer: Signer, change: object = {}): Promise<Uint8Array> {
  const payloadSha256 = sha256Hex(parseEnvelope(checked).payload);
  const predicate = { payloadSha256, result: 'agrees', how: 'lift', relation: 'partner', ...change };
  return signStatement({ subjects: [{ name: 'payload', sha256: payloadSha256 }], predicateType: PREDICATE_TYPES.crossVerification, predicate }, signer);
}
