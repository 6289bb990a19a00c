import { randomUUID } from 'node:crypto';
import { KeyPair, sha256Hex } from '@stella/attestation';
import { ReplayRequested, VerificationCompleted, WitnessRecorded } from '@stella/contracts/stella/frvf/v1alpha/events';
import { OperationState, type Verification, type Witness, WitnessServiceService } from '@stella/contracts/stella/frvf/v1alpha/frvf';
import { ReplayCompleted, ReplayOutcomes, type ReplayRun } from '@stella/contracts/stella/replay_worker/v1alpha/events';
import { type GetCapabilitiesResponse, type Host, ReplayWorkerServiceService } from '@stella/contracts/stella/replay_worker/v1alpha/replay_worker';
import { DomainError } from '@stella/errors';
import { Controller } from '@nestjs/common';
import { GrpcMethod } from '@nestjs/microservices';
import type { TestDatabase } from '@stella/platform-database/testing';
import type { GrpcClient } from '@stella/platform-grpc';
import type { ServiceContext, StellaService } from '@stella/platform-runtime';
import { type TestRuntime, startTestRuntime } from '@stella/platform-runtime/testing';
import { frvfService } from '../src/index.js';

export const BAD = sha256Hex(Buffer.from('the bad release'));
export const GOOD = sha256Hex(Buffer.from('the good release'));
export const DONE_SHA256 = sha256Hex(Buffer.from('done\n'));

/** What a program does in one run; a string: the reason why it could not be run. */
export type Behaviour = { readonly code: number; readonly stdout?: string; readonly capHit?: string; readonly pins?: Record<string, string> } | string;

/** A worker that runs nothing: programs behave as the test says, by artifact and number of the run. */
export class ScriptedWorker {
  readonly orders: ReplayRequested[] = [];
  readonly recorded: WitnessRecorded[] = [];
  readonly completed: VerificationCompleted[] = [];
  readonly behaviours = new Map<string, (run: number) => Behaviour>();
  host: Host = { runnerSha256: sha256Hex(Buffer.from('runner')), kernel: '6.1.0', cpuModelClass: 'test/1', closure: [] };
  /** What it says at events, where that is not what it said when asked. */
  hostAtWork: Host | undefined;
  isSilent = false;
  failure: { readonly reason: string; readonly detail: string } | undefined;
  context: ServiceContext | undefined;

  service(): StellaService {
    // eslint-disable-next-line @typescript-eslint/no-this-alias
    const worker = this;
    @Controller()
    class Capabilities {
      @GrpcMethod('ReplayWorkerService', 'getCapabilities')
      getCapabilities(): GetCapabilitiesResponse {
        return { host: worker.host, capabilities: [], isolation: 'I1', determinism: 'D1' };
      }
    }
    return {
      name: 'replay-worker',
      grpc: { 'stella.replay_worker.v1alpha.ReplayWorkerService': ReplayWorkerServiceService },
      wire: (context) => {
        this.context = context;
        context.events.subscribe(
          { topic: 'stella.frvf.replay-requested.v1alpha' },
          {
            commit: async (event, tx) => {
              const order = ReplayRequested.decode(event.payload);
              this.orders.push(order);
              if (!this.isSilent) await context.events.append(tx, await this.answer(order, event.tenant));
            },
          },
        );
        context.events.subscribe({ topic: 'stella.frvf.witness-recorded.v1alpha' }, { commit: async ({ payload }) => void this.recorded.push(WitnessRecorded.decode(payload)) });
        context.events.subscribe({ topic: 'stella.frvf.verification-completed.v1alpha' }, { commit: async ({ payload }) => void this.completed.push(VerificationCompleted.decode(payload)) });
        return { controllers: [Capabilities], providers: [] };
      },
    };
  }

  async sayLate(order: ReplayRequested, tenant: string): Promise<void> {
    const context = this.context as ServiceContext;
    const draft = await this.answer(order, tenant);
    await context.database.tx((tx) => context.events.append(tx, draft));
  }

  private async answer(order: ReplayRequested, tenant: string) {
    const behave = this.behaviours.get(order.artifactSha256) ?? (() => ({ code: 1 }));
    const runs = await Promise.all(Array.from({ length: order.replays }, (_, at) => this.run(behave(at))));
    const { sha256 } = await (this.context as ServiceContext).blobs.put(ReplayOutcomes.encode({ runs }).finish());
    const message = { replayId: order.replayId, outcomesSha256: sha256, runs: runs.length, failureReason: '', failureDetail: '', host: this.hostAtWork ?? this.host };
    const failed = this.failure && { ...message, outcomesSha256: '', runs: 0, failureReason: this.failure.reason, failureDetail: this.failure.detail, host: undefined };
    return { topic: 'stella.replay-worker.replay-completed.v1alpha', tenant, key: order.replayId, payload: ReplayCompleted.encode(failed ?? message).finish() };
  }

  private async run(behaviour: Behaviour): Promise<ReplayRun> {
    if (typeof behaviour === 'string') return { runId: randomUUID(), result: { $case: 'failure', value: { reason: behaviour, detail: 'as the test says' } } };
    const put = async (text: string) => {
      const { sha256, sizeBytes } = await (this.context as ServiceContext).blobs.put(Buffer.from(text));
      return { sha256, sizeBytes: BigInt(sizeBytes), truncated: false };
    };
    const { code, stdout = '', capHit = '', pins = { aslr: 'pinned' } } = behaviour;
    const determinism = Object.values(pins).every((state) => state === 'pinned') ? 'D1' : '';
    const value = { exit: { $case: 'code' as const, value: code }, capHit, stdout: await put(stdout), stderr: await put(''), stackSha256: '', pins, nonDeterminism: { clock: 3n }, threads: 1, determinism, isolation: 'I1', wallUs: 1n, cpuUs: 1n, maxRssBytes: 1n };
    return { runId: randomUUID(), result: { $case: 'outcome', value } };
  }
}

/** The service beside a scripted worker and a registry that knows `BAD` and `GOOD` of every tenant. */
export class TestFrvf {
  readonly signer = KeyPair.generate('ed25519');
  readonly worker = new ScriptedWorker();
  nowMs = Date.parse('2026-01-02T03:04:05Z');
  random = 0.5;
  private system: TestRuntime | undefined;

  async start(options: { readonly database?: TestDatabase; readonly replaysRunningMax?: number } = {}): Promise<this> {
    const { database, ...others } = options;
    const artifacts = {
      require: (_tenant: string, sha256: string) => ([BAD, GOOD].includes(sha256) ? Promise.resolve() : Promise.reject(new DomainError('ARTIFACT_NOT_FOUND', { sha256 }))),
    };
    this.system = await startTestRuntime([frvfService({ signer: this.signer, artifacts, ...others }), this.worker.service()], {
      clock: () => new Date(this.nowMs),
      random: () => this.random,
      ...(database && { database }),
    });
    return this;
  }

  get runtime(): TestRuntime {
    if (!this.system) throw new Error('not started');
    return this.system;
  }

  client(tenant = 'acme'): GrpcClient<typeof WitnessServiceService> {
    return this.runtime.client(WitnessServiceService, { tenant });
  }

  async incident(id: string, tenant = 'acme'): Promise<string> {
    await this.client(tenant).createIncident({ requestId: randomUUID(), incidentId: id, title: id, passPredicate: { exitCode: 0, stdoutSha256: DONE_SHA256 } });
    return `incidents/${id}`;
  }

  recording(incident: string, changes: { readonly artifactSha256?: string; readonly args?: string[]; readonly isolation?: string; readonly pids?: number; readonly requestId?: string } = {}) {
    const { artifactSha256 = BAD, args = [], isolation = '', pids = 0, requestId = randomUUID() } = changes;
    const caps = { cpuMs: 0n, wallMs: 0n, memoryBytes: 0n, pids, outputBytes: 0n };
    return { requestId, incident, artifactSha256, invocation: { args, stdin: Buffer.alloc(0), files: [], environment: {} }, caps, canonicaliser: 'identity/1', isolation };
  }

  async record(incident: string, changes: Parameters<TestFrvf['recording']>[1] = {}, tenant = 'acme'): Promise<Witness> {
    const { witness } = await this.client(tenant).recordWitness(this.recording(incident, changes));
    return (await this.client(tenant).getWitness({ name: witness?.name ?? '', waitMs: 10_000 })).witness as Witness;
  }

  async create(witness: string, artifactSha256: string, changes: { readonly replays?: number; readonly fresh?: boolean; readonly requestId?: string } = {}): Promise<Verification> {
    const { replays = 5, fresh = false, requestId = randomUUID() } = changes;
    return (await this.client().createVerification({ requestId, witness, artifactSha256, replays, fresh })).verification as Verification;
  }

  async verify(witness: string, artifactSha256: string, changes: Parameters<TestFrvf['create']>[2] = {}): Promise<Verification> {
    const created = await this.create(witness, artifactSha256, changes);
    if (created.state !== OperationState.OPERATION_STATE_RUNNING) return created;
    return this.get(created.name, 10_000);
  }

  async get(name: string, waitMs = 0): Promise<Verification> {
    return (await this.client().getVerification({ name, waitMs })).verification as Verification;
  }

  /** The value of a metric with exactly these labels; 0 where it is not there. */
  async metric(name: string, labels = ''): Promise<number> {
    const text = await this.runtime.runtime.metrics.text();
    return Number(text.split('\n').find((line) => line.startsWith(`${name}${labels} `))?.split(' ').at(-1) ?? 0);
  }
}
