import { randomUUID } from 'node:crypto';
import { Controller } from '@nestjs/common';
import { GrpcMethod } from '@nestjs/microservices';
import { KeyPair, PREDICATE_TYPES, sha256Hex, signStatement } from '@stella/attestation';
import { FederationServiceService, type Node } from '@stella/contracts/stella/fbpe/v1alpha/fbpe';
import { DeltaIndexServiceService, type VerifyDeltaRequest, type VerifyDeltaResponse } from '@stella/contracts/stella/psdi/v1alpha/psdi';
import { startTestDatabase, type TestDatabase } from '@stella/platform-database/testing';
import type { ServiceContext, StellaService } from '@stella/platform-runtime';
import { startTestRuntime, type TestRuntime } from '@stella/platform-runtime/testing';
import { Client } from 'pg';
import { fbpeService, type FbpeOptions } from '../../src/index.js';

/** A node with a psdi that answers as the test says. */
export class TestNode {
  verifyDelta: (request: VerifyDeltaRequest) => Promise<Partial<VerifyDeltaResponse>> = async () => ({ valid: true });
  runtime!: TestRuntime;
  psdi!: ServiceContext;
  federation!: ReturnType<TestNode['client']>;

  constructor(
    readonly database: TestDatabase,
    readonly options: FbpeOptions,
    readonly keys: { readonly log: KeyPair; readonly cosigner: KeyPair; readonly evidence: KeyPair; readonly delta: KeyPair },
  ) {}

  async start(extra: Parameters<typeof startTestRuntime>[1] = {}): Promise<this> {
    const blobs = this.runtime?.blobs;
    this.runtime = await startTestRuntime([fbpeService(this.options), this.#psdiService()], { database: this.database, ...(blobs ? { blobs } : {}), ...extra });
    this.federation = this.client();
    return this;
  }

  client(as: Parameters<TestRuntime['client']>[1] = {}) {
    return this.runtime.client(FederationServiceService, { tenant: this.options.organisation, ...as });
  }

  async node(): Promise<Node> {
    const { node } = await this.federation.getNode({});
    if (!node) throw new Error('no node');
    return node;
  }

  async peerWith(other: TestNode, change: { readonly sameOperator?: boolean } = {}): Promise<string> {
    const node = await other.node();
    const { peering } = await this.federation.createPeering({ ...node, requestId: randomUUID(), grpcAddress: other.runtime.runtime.grpcAddress, httpAddress: other.runtime.runtime.httpAddress, sameOperator: false, ...change });
    return peering?.name ?? '';
  }

  async append(envelope: Uint8Array) {
    const { entry } = await this.federation.appendEntry({ requestId: randomUUID(), envelope: Buffer.from(envelope) });
    if (!entry) throw new Error('no entry');
    return entry;
  }

  /** A signed statement of a kind about two made-up artifacts. */
  evidence(name: string, predicateType: string = PREDICATE_TYPES.deltaProof): Promise<Uint8Array> {
    const subjects = ['baseline', 'candidate'].map((side) => ({ name: side, sha256: sha256Hex(Buffer.from(`${name} ${side}`)) }));
    return signStatement({ subjects, predicateType, predicate: { name } }, this.keys.delta);
  }

  async query(text: string, values: readonly unknown[] = []): Promise<Record<string, unknown>[]> {
    const client = new Client(this.database.administrator);
    await client.connect();
    try {
      return (await client.query<Record<string, unknown>>(text, [...values])).rows;
    } finally {
      await client.end();
    }
  }

  #psdiService(): StellaService {
    const answer = (request: VerifyDeltaRequest) => this.verifyDelta(request);
    @Controller()
    class Psdi {
      @GrpcMethod('DeltaIndexService', 'verifyDelta')
      async verifyDelta(request: VerifyDeltaRequest): Promise<VerifyDeltaResponse> {
        return { valid: false, refusal: '', detail: '', provenance: 'proved', durationUs: 0n, ...(await answer(request)) };
      }
    }
    return {
      name: 'psdi',
      grpc: { 'stella.psdi.v1alpha.DeltaIndexService': DeltaIndexServiceService },
      wire: (context) => {
        this.psdi = context;
        return { controllers: [Psdi], providers: [] };
      },
    };
  }
}

/** Databases side by side in one PostgreSQL. */
export class Databases {
  private constructor(private readonly server: TestDatabase) {}

  static async start(): Promise<Databases> {
    return new Databases(await startTestDatabase());
  }

  create(name: string): Promise<TestDatabase> {
    return this.copy('template1', name);
  }

  /** As a backup would have it; nobody may be connected to the original. */
  async copy(template: string, name: string): Promise<TestDatabase> {
    await this.#run(`CREATE DATABASE ${name} TEMPLATE ${template}`);
    return { ...this.server, administrator: { ...this.server.administrator, database: name } };
  }

  /** Makes what has one name have the other, and the other way round. */
  async swap(one: string, other: string): Promise<void> {
    for (const [from, to] of [[one, 'aside'], [other, one], ['aside', other]]) await this.#run(`ALTER DATABASE ${from} RENAME TO ${to}`);
  }

  stop(): Promise<void> {
    return this.server.stop();
  }

  async #run(text: string): Promise<void> {
    const client = new Client(this.server.administrator);
    await client.connect();
    await client.query(text);
    await client.end();
  }
}

export function makeNode(database: TestDatabase, organisation: string, folder: string, change: Partial<FbpeOptions> = {}): TestNode {
  const keys = { log: KeyPair.generate('ed25519'), cosigner: KeyPair.generate('ed25519'), evidence: KeyPair.generate('ed25519'), delta: KeyPair.generate('ed25519') };
  const options: FbpeOptions = {
    logSigner: keys.log,
    cosigner: keys.cosigner,
    evidenceSigner: keys.evidence,
    evidenceKeys: [keys.delta.publicKey],
    organisation,
    origin: `${organisation}/stella/log`,
    development: false,
    pullIntervalMs: 0,
    signedHead: `${folder}/${organisation}.signed-head`,
    ...change,
  };
  return new TestNode(database, options, keys);
}
