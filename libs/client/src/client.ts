import { StackGraphServiceService } from '@stella/contracts/stella/csfg/v1alpha/csfg';
import { DeadLetterServiceService } from '@stella/contracts/stella/events/v1alpha/dead_letters';
import { FederationServiceService } from '@stella/contracts/stella/fbpe/v1alpha/fbpe';
import { WitnessServiceService } from '@stella/contracts/stella/frvf/v1alpha/frvf';
import { GateServiceService } from '@stella/contracts/stella/gate/v1alpha/gate';
import { MarketplaceServiceService } from '@stella/contracts/stella/marketplace/v1alpha/marketplace';
import { type Artifact, DeltaIndexServiceService } from '@stella/contracts/stella/psdi/v1alpha/psdi';
import { ReplayWorkerServiceService } from '@stella/contracts/stella/replay_worker/v1alpha/replay_worker';
import type { Api, CallSettings } from './api.js';
import { makeApi } from './call/make-api.js';
import { type TlsOptions, openChannel } from './channel.js';
import { type ClientCredentials, ClientCredentialsSource } from './credentials/client-credentials.js';
import { type TokenSource, tokenSource } from './credentials/token-source.js';
import { type UploadSettings, uploadArtifact } from './upload/upload-artifact.js';
import { type PackFileSource, uploadPackFile } from './upload/upload-pack-file.js';
import type { ServiceName } from './service-names.js';

export interface StellaClientOptions {
  /** `host:port` or `unix:path` of the gRPC endpoint. */
  readonly address: string;
  /** Of services that answer elsewhere, where nothing routes by the service's name. */
  readonly addresses?: Partial<Readonly<Record<ServiceName, string>>>;
  /** A bearer token, or a way to get one. */
  readonly token?: string | (() => string | Promise<string>);
  /** Instead of `token`: a client of the OIDC issuer. */
  readonly credentials?: ClientCredentials;
  /** Absent: plain text on loopback, else TLS with the system's roots. */
  readonly tls?: TlsOptions | 'plaintext';
}

/**
 * Every service of a Stella installation. Calls fail with a StellaError; only what a source of bytes throws while it is
 * read comes through as it is.
 */
export interface StellaClient {
  readonly psdi: Api<typeof DeltaIndexServiceService>;
  readonly marketplace: Api<typeof MarketplaceServiceService>;
  readonly frvf: Api<typeof WitnessServiceService>;
  readonly csfg: Api<typeof StackGraphServiceService>;
  readonly fbpe: Api<typeof FederationServiceService>;
  readonly gate: Api<typeof GateServiceService>;
  readonly replayWorker: Api<typeof ReplayWorkerServiceService>;
  /** Events that one service gave up; every service answers for itself, under one name of the API. */
  deadLetters(service: ServiceName): Api<typeof DeadLetterServiceService>;
  /** Registers a file (by path) or a stream of bytes; what the server has is not sent again. */
  uploadArtifact(source: string | AsyncIterable<Uint8Array>, settings?: UploadSettings): Promise<Artifact>;
  /** Sends one file of an open marketplace upload; answers its size in bytes. */
  uploadPackFile(source: PackFileSource, settings?: CallSettings): Promise<bigint>;
  close(): void;
}

export function createStellaClient(options: StellaClientOptions): StellaClient {
  const channels = new Channels(options);
  const tokens = tokensOf(options);
  const api = <D extends object>(service: ServiceName, definition: D): Api<D> => makeApi({ client: channels.of(service), tokens }, definition);
  const psdi = api('psdi', DeltaIndexServiceService);
  const marketplace = api('marketplace', MarketplaceServiceService);
  return {
    psdi,
    marketplace,
    frvf: api('frvf', WitnessServiceService),
    csfg: api('csfg', StackGraphServiceService),
    fbpe: api('fbpe', FederationServiceService),
    gate: api('gate', GateServiceService),
    replayWorker: api('replay-worker', ReplayWorkerServiceService),
    deadLetters: (service) => makeApi({ client: channels.of(service), tokens, metadata: { [SERVICE_KEY]: service } }, DeadLetterServiceService),
    uploadArtifact: (source, settings) => uploadArtifact(psdi, source, settings),
    uploadPackFile: (source, settings) => uploadPackFile(marketplace, source, settings),
    close: () => channels.close(),
  };
}

/** What every service serves under one name is routed by it. */
const SERVICE_KEY = 'stella-service';

/** One channel an address. */
class Channels {
  readonly #open = new Map<string, ReturnType<typeof openChannel>>();

  constructor(private readonly options: StellaClientOptions) {}

  of(service: ServiceName): ReturnType<typeof openChannel> {
    const { address, addresses, tls } = this.options;
    const at = addresses?.[service] ?? address;
    const channel = this.#open.get(at) ?? openChannel(at, tls);
    this.#open.set(at, channel);
    return channel;
  }

  close(): void {
    for (const channel of this.#open.values()) channel.close();
  }
}

function tokensOf({ token, credentials }: StellaClientOptions): TokenSource | undefined {
  if (token !== undefined) return tokenSource(token);
  return credentials && new ClientCredentialsSource(credentials);
}
