import type { Metadata, sendUnaryData, ServerReadableStream, ServerUnaryCall, ServerWritableStream } from '@grpc/grpc-js';
import { Controller } from '@nestjs/common';
import { GrpcMethod, GrpcStreamCall } from '@nestjs/microservices';
import type * as proto from '@stella/contracts/stella/marketplace/v1alpha/marketplace';
import { DomainError } from '@stella/errors';
import { type Action, authorize } from '@stella/platform-auth';
import { clientStream, principalOf, serverStream, signalOf } from '@stella/platform-grpc';
import { Observable } from 'rxjs';
import type { CreateNamespace } from '../application/create-namespace.js';
import type { CreateUpload } from '../application/create-upload.js';
import type { FinalizeUpload } from '../application/finalize-upload.js';
import type { LookUpBuilds } from '../application/look-up-builds.js';
import type { ReadPacks } from '../application/read-packs.js';
import type { ReceiveFile } from '../application/receive-file.js';
import type { RegisterKey } from '../application/register-key.js';
import type { RevokeKey } from '../application/revoke-key.js';
import type { SymbolizeLocations } from '../application/symbolize-locations.js';
import { lastIdOf, namespaceIdOf, uploadName } from '../domain/names.js';
import type { Pack } from '../domain/pack.js';
import { decodePageToken, encodePageToken } from './page-token.js';
import { toAnswerMessage, toKeyMessage, toLocationMessage, toNamespaceMessage, toPackMessage } from './translate.js';

/** What the controller calls. */
export abstract class MarketplaceUseCases {
  abstract readonly createNamespace: CreateNamespace;
  abstract readonly registerKey: RegisterKey;
  abstract readonly revokeKey: RevokeKey;
  abstract readonly createUpload: CreateUpload;
  abstract readonly receiveFile: ReceiveFile;
  abstract readonly finalizeUpload: FinalizeUpload;
  abstract readonly readPacks: ReadPacks;
  abstract readonly lookUpBuilds: LookUpBuilds;
  abstract readonly symbolizeLocations: SymbolizeLocations;
}

const SERVICE = 'MarketplaceService';

@Controller()
export class MarketplaceController {
  constructor(private readonly use: MarketplaceUseCases) {}

  @GrpcMethod(SERVICE, 'createNamespace')
  async createNamespace({ requestId, namespaceId }: proto.CreateNamespaceRequest, metadata: Metadata): Promise<proto.CreateNamespaceResponse> {
    const tenant = tenantThatMay('administer', metadata);
    return { namespace: toNamespaceMessage(await this.use.createNamespace.execute({ tenant, requestId }, namespaceId)) };
  }

  @GrpcMethod(SERVICE, 'registerKey')
  async registerKey({ requestId, parent, spkiDer, expireTime }: proto.RegisterKeyRequest, metadata: Metadata): Promise<proto.RegisterKeyResponse> {
    const tenant = tenantThatMay('administer', metadata);
    return { key: toKeyMessage(await this.use.registerKey.execute({ tenant, requestId }, { namespaceId: namespaceIdOf(parent), spki: spkiDer, expireTime })) };
  }

  @GrpcMethod(SERVICE, 'revokeKey')
  async revokeKey({ name, reason }: proto.RevokeKeyRequest, metadata: Metadata): Promise<proto.RevokeKeyResponse> {
    const tenant = tenantThatMay('administer', metadata);
    return { key: toKeyMessage(await this.use.revokeKey.execute(tenant, namespaceIdOf(name), lastIdOf(name), reason)) };
  }

  @GrpcMethod(SERVICE, 'createUpload')
  async createUpload({ requestId, parent, files }: proto.CreateUploadRequest, metadata: Metadata): Promise<proto.CreateUploadResponse> {
    const tenant = tenantThatMay('write', metadata);
    const declared = files.map(({ path, sha256, sizeBytes }) => ({ path, sha256, sizeBytes: Number(sizeBytes) }));
    const { upload, missing } = await this.use.createUpload.execute({ tenant, requestId }, namespaceIdOf(parent), declared);
    return { upload: uploadName(upload.namespaceId, upload.id), missingSha256: [...missing], expireTime: upload.expireTime };
  }

  @GrpcStreamCall(SERVICE, 'uploadFile')
  uploadFile(call: ServerReadableStream<proto.UploadFileRequest, proto.UploadFileResponse>, callback: sendUnaryData<proto.UploadFileResponse>): Promise<void> {
    return clientStream(call, callback, async (messages) => {
      const tenant = tenantThatMay('write', call.metadata);
      const iterator = messages[Symbol.asyncIterator]();
      const first = await iterator.next();
      const part = first.done === true ? undefined : first.value.part;
      if (part?.$case !== 'header') throw new DomainError('REQUEST_INVALID', { problem: 'the first message is not the header' });
      const { upload, sha256 } = part.value;
      const bytes = chunksOf({ [Symbol.asyncIterator]: () => iterator });
      const sizeBytes = await this.use.receiveFile.execute({ tenant, namespaceId: namespaceIdOf(upload), uploadId: lastIdOf(upload), sha256, bytes });
      return { sizeBytes: BigInt(sizeBytes) };
    });
  }

  @GrpcMethod(SERVICE, 'finalizeUpload')
  async finalizeUpload({ upload, manifestEnvelope }: proto.FinalizeUploadRequest, metadata: Metadata): Promise<proto.FinalizeUploadResponse> {
    const tenant = tenantThatMay('write', metadata);
    const pack = await this.use.finalizeUpload.execute({ tenant, namespaceId: namespaceIdOf(upload), uploadId: lastIdOf(upload), envelope: manifestEnvelope });
    return { pack: await this.#whole(pack) };
  }

  @GrpcMethod(SERVICE, 'getPack')
  async getPack({ name }: proto.GetPackRequest, metadata: Metadata): Promise<proto.GetPackResponse> {
    return { pack: await this.#whole(await this.use.readPacks.one(tenantThatMay('read', metadata), name)) };
  }

  @GrpcMethod(SERVICE, 'searchPacks')
  async searchPacks({ query, pageSize, pageToken }: proto.SearchPacksRequest, metadata: Metadata): Promise<proto.SearchPacksResponse> {
    const tenant = tenantThatMay('read', metadata);
    const list = `${tenant}\0${query}`;
    const { packs, next } = await this.use.readPacks.search(tenant, query, decodePageToken(pageToken, list), pageSize);
    return { packs: packs.map((pack) => toPackMessage(pack)), nextPageToken: next ? encodePageToken(next, list) : '' };
  }

  @GrpcMethod(SERVICE, 'downloadFile')
  downloadFile({ pack, path }: proto.DownloadFileRequest, metadata: Metadata, call: ServerWritableStream<proto.DownloadFileRequest, proto.DownloadFileResponse>): Observable<never> {
    const tenant = tenantThatMay('read', metadata);
    return serverStream(call, this.#download(tenant, pack, path));
  }

  @GrpcMethod(SERVICE, 'lookUpBuildIds')
  lookUpBuildIds({ buildIds }: proto.LookUpBuildIdsRequest, metadata: Metadata): proto.LookUpBuildIdsResponse {
    return { answers: this.use.lookUpBuilds.execute(tenantThatMay('read', metadata), buildIds).map(toAnswerMessage) };
  }

  @GrpcMethod(SERVICE, 'symbolize')
  async symbolize({ locations }: proto.SymbolizeRequest, metadata: Metadata, call: ServerUnaryCall<proto.SymbolizeRequest, proto.SymbolizeResponse>): Promise<proto.SymbolizeResponse> {
    const tenant = tenantThatMay('read', metadata);
    const asked = locations.map(({ buildId, offset }) => ({ buildId, address: offset }));
    const answers = await this.use.symbolizeLocations.execute(tenant, asked, signalOf(call));
    return { locations: locations.map((location, at) => toLocationMessage(location, answers[at])) };
  }

  async #whole(pack: Pack): Promise<proto.Pack> {
    return toPackMessage(pack, await this.use.readPacks.envelopeOf(pack));
  }

  async *#download(tenant: string, pack: string, path: string): AsyncGenerator<proto.DownloadFileResponse> {
    for await (const data of this.use.readPacks.download(tenant, pack, path)) yield { chunk: { data: Buffer.from(data) } };
  }
}

async function* chunksOf(messages: AsyncIterable<proto.UploadFileRequest>): AsyncGenerator<Uint8Array> {
  for await (const { part } of messages) {
    if (part?.$case !== 'chunk') throw new DomainError('REQUEST_INVALID', { problem: 'a second header' });
    yield part.value.data;
  }
}

function tenantThatMay(action: Action, metadata: Metadata): string {
  const principal = principalOf(metadata);
  authorize(principal, action, { type: 'marketplace', id: '*', tenant: principal.tenant });
  return principal.tenant;
}
