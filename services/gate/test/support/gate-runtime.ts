import { parseDevelopmentTrustRoot, type Revocation, type RevocationList, signRevocationList, verifyRevocationList } from '@stella/attestation';
import { type EvaluateReleaseRequest, GateServiceService, type Progress, type Verdict } from '@stella/contracts/stella/gate/v1alpha/gate';
import type { Principal } from '@stella/platform-auth';
import type { TestDatabase } from '@stella/platform-database/testing';
import type { GrpcClient } from '@stella/platform-grpc';
import type { ServiceContext } from '@stella/platform-runtime';
import { startTestRuntime, type TestRuntime } from '@stella/platform-runtime/testing';
import { type Answer, verifyBundleCommand, type VerifyCommandInput } from '@stella/verdict';
import { gateService, type GateOptions } from '../../src/index.js';
import { KEYS, NOW, ORGANISATION, TRUST_ROOT, VERIFIER } from './installation.js';
import { Peers } from './peers.js';
import { BASELINE, CANDIDATE, TRUE_CLAIMS } from './release.js';

export type GateClient = GrpcClient<typeof GateServiceService>;

export interface Evaluated {
  readonly verdict: Verdict;
  readonly progress: readonly Progress[];
}

export type Asked = Partial<EvaluateReleaseRequest>;

export function request(change: Asked = {}): EvaluateReleaseRequest {
  return {
    baseline: { sha256: BASELINE, label: 'app@1.0.0', resourceUri: '' },
    candidate: { sha256: CANDIDATE, label: 'app@1.0.1', resourceUri: 'pkg:npm/app@1.0.1' },
    claims: TRUE_CLAIMS,
    policy: 'policies/fast-patch',
    baselineBasis: 'runs',
    fresh: false,
    ...change,
  };
}

/** The gate on a real database and real sockets, beside peers that the test scripts. */
export class GateRuntime {
  /** What the gate's clock shows. */
  now = NOW;
  peers = new Peers();

  private constructor(private readonly options: Partial<GateOptions>) {}

  runtime!: TestRuntime;

  static async start(options: Partial<GateOptions> = {}, database?: TestDatabase, blobs?: TestRuntime['blobs'], watch: (context: ServiceContext) => void = () => undefined): Promise<GateRuntime> {
    const gate = new GateRuntime(options);
    const service = gateService({
      verdictSigner: KEYS.verdict,
      policySigner: KEYS.policy,
      revocationSigner: KEYS.revocation,
      verifierId: VERIFIER,
      trustRoot: TRUST_ROOT,
      crossVerifyWaitMs: 0,
      ...gate.options,
    });
    gate.runtime = await startTestRuntime([{ ...service, wire: (context) => (watch(context), service.wire(context)) }, ...gate.peers.services()], { clock: () => gate.now, ...(database && { database }), ...(blobs && { blobs }) });
    return gate;
  }

  client(as: Partial<Principal> = {}): GateClient {
    return this.runtime.client(GateServiceService, as);
  }

  async evaluate(change: Asked = {}, as: Partial<Principal> = {}, signal?: AbortSignal): Promise<Evaluated> {
    const progress: Progress[] = [];
    let verdict: Verdict | undefined;
    for await (const { event } of this.client(as).evaluateRelease(request(change), { ...(signal && { signal }) })) {
      if (event?.$case === 'progress') progress.push(event.value);
      else verdict = event?.value;
    }
    if (!verdict) throw new Error('no verdict');
    return { verdict, progress };
  }

  async bundle(verdict: Verdict, as: Partial<Principal> = {}): Promise<Buffer> {
    const chunks: Buffer[] = [];
    for await (const { chunk } of this.client(as).getBundle({ verdict: verdict.name })) chunks.push(Buffer.from(chunk?.data ?? []));
    return Buffer.concat(chunks);
  }

  /** What `stella verify` says, with what the gate hands out. */
  async verify(verdict: Verdict, change: Partial<VerifyCommandInput> = {}, as: Partial<Principal> = {}): Promise<{ exitCode: number; answer: Answer }> {
    const { trustRoot, revocationList } = await this.client(as).getTrust({});
    return verifyBundleCommand({
      bundle: change.bundle ?? (await this.bundle(verdict, as)),
      trustRoot,
      pinnedKeysPem: [],
      revocationList,
      subjects: [CANDIDATE],
      policy: verdict.policySha256,
      now: this.now,
      verifierId: VERIFIER,
      ...change,
    });
  }

  /** What the gate hands out, opened. */
  async revocations(as: Partial<Principal> = {}): Promise<{ readonly trustRoot: Uint8Array; readonly envelope: Uint8Array; readonly list: RevocationList }> {
    const { trustRoot, revocationList } = await this.client(as).getTrust({});
    return { trustRoot, envelope: revocationList, list: verifyRevocationList(revocationList, parseDevelopmentTrustRoot(trustRoot, this.now), { issuer: ORGANISATION, now: this.now }) };
  }

  /** The list with some of its entries, signed anew. */
  signList(list: RevocationList, isKept: (entry: Revocation) => boolean): Promise<Uint8Array> {
    return signRevocationList({ ...list, entries: list.entries.filter(isKept) }, KEYS.revocation);
  }

  /** The clock goes on, so that what follows is newer. */
  later(ms = 60_000): void {
    this.now = new Date(this.now.getTime() + ms);
  }

  stop(): Promise<void> {
    return this.runtime.stop();
  }
}
