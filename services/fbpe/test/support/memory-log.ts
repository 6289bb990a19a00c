import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { KeyPair, type PublicKey } from '@stella/attestation';
import { CHECKPOINT_PATH, formatVerifierKey, noteKey, overlay, planAppend, type TileReader } from '@stella/transparency-log';
import { toLoggable } from '../../src/domain/evidence.js';
import { originSlug } from '../../src/domain/origin.js';

/** A log of another implementation, over HTTP, that can be made to lie. */
export class MemoryLog {
  readonly key = KeyPair.generate('ed25519');
  readonly cosigner = KeyPair.generate('ed25519');
  readonly evidence = KeyPair.generate('ed25519');
  files = new Map<string, Uint8Array>();
  readonly payloads = new Map<string, Uint8Array>();
  readonly cosignatures: Buffer[] = [];
  #server: Server | undefined;

  constructor(
    readonly organisation: string,
    readonly origin = `${organisation}/log`,
  ) {}

  get noteSigner() {
    return { key: noteKey(this.origin, 'ed25519', this.key.publicKey), signer: this.key };
  }

  async append(envelopes: readonly Uint8Array[]): Promise<void> {
    const evidence = envelopes.map((envelope) => toLoggable(envelope, this.organisation, 1 << 20));
    for (const { payloadDigest, envelope } of evidence) this.payloads.set(payloadDigest, envelope);
    await this.appendRecords(evidence.map(({ record }) => record));
  }

  async appendRecords(entries: readonly Uint8Array[]): Promise<void> {
    const reader: TileReader = { read: async (path) => this.files.get(path) };
    const plan = await planAppend({ origin: this.origin, signer: this.noteSigner, reader: overlay([], reader), lastCheckpoint: this.files.get(CHECKPOINT_PATH), entries });
    for (const { path, bytes } of [...plan.tiles, plan.checkpoint]) this.files.set(path, bytes);
  }

  async listen(): Promise<string> {
    const prefix = `/log/${originSlug(this.origin)}/`;
    this.#server = createServer((request, response) => {
      const path = (request.url ?? '').slice(prefix.length);
      if (request.method === 'POST') {
        request.on('data', (chunk: Buffer) => this.cosignatures.push(chunk)).on('end', () => response.end('{}'));
        return;
      }
      const bytes = path.startsWith('payload/') ? this.payloads.get(path.slice('payload/'.length)) : this.files.get(path);
      response.statusCode = bytes ? 200 : 404;
      response.end(bytes);
    });
    await new Promise<void>((resolve) => this.#server?.listen(0, '127.0.0.1', resolve));
    return `http://127.0.0.1:${(this.#server.address() as AddressInfo).port}`;
  }

  terms(httpAddress: string, evidenceKeys: readonly PublicKey[] = [this.evidence.publicKey]) {
    return {
      organisation: this.organisation,
      origin: this.origin,
      logKey: formatVerifierKey(this.noteSigner.key),
      cosignerKey: formatVerifierKey(noteKey(`${this.organisation}/cosigner`, 'cosignature', this.cosigner.publicKey)),
      evidenceKeys: evidenceKeys.map(({ spki }) => Buffer.from(spki)),
      grpcAddress: '',
      httpAddress,
      sameOperator: false,
      development: false,
    };
  }

  async close(): Promise<void> {
    this.#server?.closeAllConnections();
    await new Promise((resolve) => this.#server?.close(resolve) ?? resolve(undefined));
  }
}
