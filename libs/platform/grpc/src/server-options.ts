import { fromBinary, toBinary } from '@bufbuild/protobuf';
import { FileDescriptorProtoSchema, FileDescriptorSetSchema } from '@bufbuild/protobuf/wkt';
import type { Server, ServerCredentials, ServiceDefinition } from '@grpc/grpc-js';
import { ReflectionService } from '@grpc/reflection';
import { type GrpcOptions, Transport } from '@nestjs/microservices';
import type { Authenticator } from '@stella/platform-auth';
import type { RedMetrics } from '@stella/platform-telemetry';
import type { HealthImplementation } from 'grpc-health-check';
import { callInterceptor } from './call-interceptor.js';
import { requestRules } from './validation.js';

/** A message holds at most a delta proof or an envelope of 16 MiB, and its frame. */
export const MESSAGE_BYTES_MAX = 17 << 20;
export const DEFAULT_DEADLINE_MS = 60_000;
const CONNECTION_AGE_MS_MAX = 300_000;
/** Longer than any call. */
const CONNECTION_GRACE_MS = 1_800_000;

export interface GrpcServerConfig {
  readonly url: string;
  /** Proto packages whose services Nest serves. */
  readonly packages: readonly string[];
  /** Full service name → ts-proto's definition. */
  readonly services: Readonly<Record<string, ServiceDefinition>>;
  readonly descriptorSet: Uint8Array;
  readonly health: HealthImplementation;
  readonly authenticator: Authenticator;
  readonly red: RedMetrics;
  readonly defaultDeadlineMs?: number;
  /** Default: plain text. */
  readonly credentials?: ServerCredentials;
  /** Hands out grpc-js's server, which Nest's `unwrap` refuses to. */
  readonly onServer?: (server: Server) => void;
}

export function grpcServerOptions(config: GrpcServerConfig): GrpcOptions {
  const definitions = Object.values(config.services);
  return {
    transport: Transport.GRPC,
    options: {
      url: config.url,
      ...(config.credentials ? { credentials: config.credentials } : {}),
      package: [...config.packages],
      packageDefinition: config.services,
      gracefulShutdown: true,
      maxReceiveMessageLength: MESSAGE_BYTES_MAX,
      // Nest hands channelOptions to grpc-js's Server as a whole, which is where it reads interceptors.
      channelOptions: {
        // A client looks its name up again when a connection ends: only so does it find replicas that came later.
        'grpc.max_connection_age_ms': CONNECTION_AGE_MS_MAX,
        'grpc.max_connection_age_grace_ms': CONNECTION_GRACE_MS,
        interceptors: [
          callInterceptor({
            red: config.red,
            defaultDeadlineMs: config.defaultDeadlineMs ?? DEFAULT_DEADLINE_MS,
            authenticator: config.authenticator,
            rules: requestRules(config.descriptorSet, definitions),
          }),
        ],
      } as object,
      onLoadPackageDefinition: (_definition: unknown, server: Server) => {
        config.onServer?.(server);
        config.health.addToServer(server as never);
        reflection(config).addToServer(server);
      },
    },
  };
}

/** ts-proto's definitions carry no descriptors: these are laid beside them in the shape that proto-loader gives. */
function reflection(config: GrpcServerConfig): ReflectionService {
  const set = fromBinary(FileDescriptorSetSchema, config.descriptorSet);
  const fileDescriptorProtos = set.file.map((file) => Buffer.from(toBinary(FileDescriptorProtoSchema, file)));
  return new ReflectionService({ all: { fileDescriptorProtos } } as never, { services: Object.keys(config.services) });
}
