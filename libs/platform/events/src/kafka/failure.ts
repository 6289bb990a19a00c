import { DomainError, type ErrorFacts, isDomainError } from '@stella/errors';

/** Error codes of the Kafka protocol, by the names that kafkajs gives them. */
const OF_ONE_EVENT = new Set(['MESSAGE_TOO_LARGE', 'RECORD_LIST_TOO_LARGE', 'INVALID_RECORD']);
const UNKNOWN_TOPIC = new Set(['UNKNOWN_TOPIC_OR_PARTITION', 'INVALID_TOPIC_EXCEPTION']);
const DENIED = new Set(['TOPIC_AUTHORIZATION_FAILED', 'GROUP_AUTHORIZATION_FAILED', 'CLUSTER_AUTHORIZATION_FAILED', 'SASL_AUTHENTICATION_FAILED', 'UNSUPPORTED_SASL_MECHANISM']);
const DENIED_NAMES = new Set(['KafkaJSSASLAuthenticationError']);
const SETTINGS = new Set(['INVALID_REPLICATION_FACTOR', 'INVALID_PARTITIONS', 'INVALID_CONFIG', 'POLICY_VIOLATION']);
const CAUSES_MAX = 8;
const CHARS_MAX = 500;

interface KafkaError {
  readonly name?: string;
  readonly type?: string;
  readonly message?: string;
  readonly cause?: unknown;
  /** Of several topics at once. */
  readonly errors?: readonly unknown[];
}

/** What kafkajs threw, as a reason of ours; the broker's own words are in the facts. */
export function brokerError(error: unknown, facts: ErrorFacts = {}): DomainError {
  if (isDomainError(error)) return error;
  const causes = [...causesOf(error)];
  const inside = causes.find(({ type }) => type !== undefined) ?? causes.at(-1);
  const all = { ...facts, broker: `${inside?.type ?? inside?.name ?? 'Error'}: ${inside?.message ?? ''}`.slice(0, CHARS_MAX) };
  const isAny = (types: ReadonlySet<string>) => causes.some(({ type }) => types.has(type ?? ''));
  if (isAny(OF_ONE_EVENT)) return new DomainError('EVENT_REFUSED', all, { cause: error });
  if (isAny(UNKNOWN_TOPIC)) return new DomainError('EVENT_TOPIC_UNKNOWN', all, { cause: error });
  if (isAny(DENIED) || causes.some(({ name }) => DENIED_NAMES.has(name ?? ''))) return new DomainError('EVENT_BROKER_DENIED', all, { cause: error });
  if (isAny(SETTINGS)) return new DomainError('CONFIG_INVALID', { ...facts, problems: all.broker }, { cause: error });
  return new DomainError('EVENT_BROKER_UNAVAILABLE', all, { cause: error });
}

function* causesOf(error: unknown): Generator<KafkaError> {
  for (let at = error, depth = 0; typeof at === 'object' && at !== null && depth < CAUSES_MAX; depth++) {
    const each = at as KafkaError;
    yield each;
    at = each.cause ?? each.errors?.[0];
  }
}
