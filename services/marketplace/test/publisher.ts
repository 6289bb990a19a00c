import { createHash, randomUUID } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import { KeyPair, PREDICATE_TYPES, type Signer, signStatement } from '@stella/attestation';
import { MarketplaceServiceService, type Pack } from '@stella/contracts/stella/marketplace/v1alpha/marketplace';
import type { GrpcClient } from '@stella/platform-grpc';
import type { TestRuntime } from '@stella/platform-runtime/testing';

export type Marketplace = GrpcClient<typeof MarketplaceServiceService>;

export interface PackedFile {
  readonly path: string;
  readonly bytes: Buffer;
  readonly format: string;
  readonly identifiers: readonly { readonly kind: string; readonly value: string }[];
}

export interface ManifestChanges {
  readonly name?: string;
  readonly version?: string;
  readonly licence?: string;
  readonly visibility?: string;
  readonly kind?: string;
  readonly entryPoint?: string;
}

/** What is said otherwise than it is. */
export interface PublishChanges extends ManifestChanges {
  readonly signer?: Signer;
  readonly subjects?: readonly { readonly name: string; readonly sha256: string }[];
  /** What is declared of the files, instead of what they are. */
  readonly declared?: readonly PackedFile[];
  readonly envelope?: (envelope: Uint8Array) => Uint8Array;
}

export const sha256 = (bytes: Uint8Array): string => createHash('sha256').update(bytes).digest('hex');

export async function packed(file: string, path: string, format: string, buildId?: string): Promise<PackedFile> {
  return { path, bytes: await readFile(file), format, identifiers: buildId === undefined ? [] : [{ kind: 'gnu-build-id', value: buildId }] };
}

export function manifestOf(files: readonly PackedFile[], changes: ManifestChanges = {}): object {
  return {
    schemaVersion: 1,
    name: 'acme/anchor',
    version: '1.0.0',
    kind: 'symbols',
    licence: 'Apache-2.0',
    visibility: 'public',
    toolchain: { name: 'gcc', version: '12.2.0' },
    target: { os: 'linux', arch: 'x86-64', abi: 'gnu' },
    provenance: [],
    files: files.map(({ path, bytes, format, identifiers }) => ({ path, sizeBytes: bytes.length, sha256: sha256(bytes), format, identifiers })),
    ...changes,
  };
}

/** A publisher of a tenant with a namespace and a key. */
export class Publisher {
  readonly key = KeyPair.generate('ed25519');

  private constructor(
    readonly client: Marketplace,
    readonly namespaceId: string,
  ) {}

  static async create(runtime: TestRuntime, tenant: string, namespaceId: string, options: { expireTime?: Date; key?: boolean } = {}): Promise<Publisher> {
    const publisher = new Publisher(runtime.client(MarketplaceServiceService, { tenant }), namespaceId);
    await publisher.client.createNamespace({ requestId: randomUUID(), namespaceId });
    if (options.key !== false) await publisher.register(publisher.key, options.expireTime);
    return publisher;
  }

  get parent(): string {
    return `namespaces/${this.namespaceId}`;
  }

  async register(key: KeyPair, expireTime?: Date): Promise<void> {
    await this.client.registerKey({ requestId: randomUUID(), parent: this.parent, spkiDer: Buffer.from(key.publicKey.spki), expireTime });
  }

  async open(files: readonly PackedFile[]): Promise<{ upload: string; missingSha256: string[] }> {
    const declared = files.map(({ path, bytes }) => ({ path, sha256: sha256(bytes), sizeBytes: BigInt(bytes.length) }));
    return this.client.createUpload({ requestId: randomUUID(), parent: this.parent, files: declared });
  }

  send(upload: string, bytes: Buffer, digest = sha256(bytes)): Promise<{ sizeBytes: bigint }> {
    return this.client.uploadFile(parts(upload, bytes, digest));
  }

  async sign(files: readonly PackedFile[], changes: PublishChanges = {}): Promise<Buffer> {
    const { signer = this.key, subjects = files.map(({ path, bytes }) => ({ name: path, sha256: sha256(bytes) })), declared: _declared, envelope: alter, ...manifest } = changes;
    const predicate = manifestOf(files, { name: `${this.namespaceId}/anchor`, ...manifest });
    const envelope = await signStatement({ subjects, predicateType: PREDICATE_TYPES.packManifest, predicate }, signer);
    return Buffer.from(alter ? alter(envelope) : envelope);
  }

  /** Everything from the upload to the end of the validation. */
  async publish(files: readonly PackedFile[], changes: PublishChanges = {}): Promise<Pack> {
    const { upload, missingSha256 } = await this.open(files);
    for (const { bytes } of files) if (missingSha256.includes(sha256(bytes))) await this.send(upload, bytes);
    const manifestEnvelope = await this.sign(changes.declared ?? files, changes);
    const { pack } = await this.client.finalizeUpload({ upload, manifestEnvelope });
    if (!pack) throw new Error('no pack');
    return pack;
  }
}

async function* parts(upload: string, bytes: Buffer, digest: string) {
  yield { part: { $case: 'header' as const, value: { upload, sha256: digest } } };
  for (let start = 0; start < bytes.length; start += 65_536) yield { part: { $case: 'chunk' as const, value: { data: bytes.subarray(start, start + 65_536) } } };
}
