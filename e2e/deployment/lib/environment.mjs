import { join } from 'node:path';
import { KEYS, PEERS } from './services.mjs';

const HOST = '127.0.0.1';

/**
 * The variables of one process. @param {string} service
 * @param {object} deployment
 * @param {import('./../index.d.mts').ReplicaPorts} replica
 */
export function environmentOf(service, { folder, organisation, identity, resources, servers, replicas, settings }, replica) {
  const trusted = KEYS[service];
  const keys = Object.entries(trusted ?? {}).map(([variable, file]) => [variable, join(folder, 'keys', service, file)]);
  const addresses = PEERS[service].map((peer) => [`STELLA_${peer.replaceAll('-', '_').toUpperCase()}_ADDRESS`, addressOf(replicas[peer])]);
  const { clientId, clientSecret } = identity.clients[`service-${service}`];
  return {
    STELLA_ORGANISATION: organisation,
    STELLA_HOST: HOST,
    STELLA_GRPC_PORT: String(replica.grpcPort),
    STELLA_HTTP_PORT: String(replica.httpPort),
    STELLA_DATABASE_URL: resources.databaseUrls[service],
    STELLA_KAFKA_BROKERS: servers.kafka.brokers.join(','),
    STELLA_KAFKA_TOPIC_PREFIX: resources.topicPrefix,
    STELLA_S3_ENDPOINT: servers.s3.endpoint,
    STELLA_S3_REGION: servers.s3.region,
    STELLA_S3_BUCKET: resources.bucket,
    STELLA_S3_ACCESS_KEY: servers.s3.accessKey,
    STELLA_S3_SECRET_KEY: servers.s3.secretKey,
    STELLA_BLOB_CACHE_FOLDER: join(folder, 'blob-cache'),
    STELLA_OIDC_ISSUER: identity.issuer,
    STELLA_OIDC_AUDIENCE: identity.audience,
    STELLA_OIDC_CLIENT_ID: clientId,
    STELLA_OIDC_CLIENT_SECRET: clientSecret,
    ...Object.fromEntries(keys),
    ...Object.fromEntries(addresses),
    ...(trusted ? { STELLA_TRUST_ROOT_FILE: join(folder, 'trust', 'trust-root.json'), STELLA_ROOT_KEYS_FILE: join(folder, 'trust', 'root-keys.pem') } : {}),
    ...OF_ONE[service]?.({ folder, organisation, replica }),
    ...(servers.traces ? { OTEL_EXPORTER_OTLP_ENDPOINT: servers.traces.otlpHttp, OTEL_EXPORTER_OTLP_PROTOCOL: 'http/protobuf', OTEL_BSP_SCHEDULE_DELAY: '500' } : {}),
    OTEL_SERVICE_NAME: `stella-${service}`,
    OTEL_RESOURCE_ATTRIBUTES: `service.instance.id=${replica.name},stella.organisation=${organisation}`,
    ...settings.all,
    ...settings[service],
  };
}

const OF_ONE = {
  marketplace: ({ organisation }) => ({ STELLA_TRUSTED_PUBLISHERS: `${organisation}/own` }),
  'replay-worker': ({ folder, replica }) => ({ STELLA_WORK_FOLDER: join(folder, 'work', replica.name) }),
  // Peers are followed when a test says so.
  fbpe: () => ({ STELLA_PULL_INTERVAL: '0s' }),
};

/** All replicas of a service, among which callers spread their calls. */
function addressOf(replicas) {
  const all = replicas.map(({ grpcPort }) => `${HOST}:${grpcPort}`);
  return all.length === 1 ? all[0] : `ipv4:${all.join(',')}`;
}
