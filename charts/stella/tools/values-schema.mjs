/** What a default alone does not tell of its value: by path, `*` for any service. */
const KNOWN = {
  organisation: { type: 'string', pattern: '^([a-z0-9][a-z0-9-]*(\\.[a-z0-9][a-z0-9-]*)*)?$', maxLength: 100 },
  'global.image.pullPolicy': { enum: ['IfNotPresent', 'Always', 'Never'] },
  'kafka.brokers': { type: 'array', items: { type: 'string', pattern: '^[^\\s/,]+:\\d{1,5}$' } },
  'kafka.saslMechanism': { enum: ['', 'plain', 'scram-sha-256', 'scram-sha-512'] },
  'kafka.secretFiles': { type: 'array', items: { enum: ['ca.crt', 'tls.crt', 'tls.key'] }, uniqueItems: true },
  's3.endpoint': { type: 'string', pattern: '^(https?://.+)?$' },
  's3.publicEndpoint': { type: 'string', pattern: '^(https?://.+)?$' },
  's3.prefix': { type: 'string', pattern: '^([\\w.-]+/)*$' },
  'oidc.issuer': { type: 'string', pattern: '^(https?://.+)?$' },
  'tls.clients': { enum: ['optional', 'required'] },
  'retention.deadLetters': { type: 'string', pattern: '^([1-9]\\d{0,5}[hd])?$' },
  'telemetry.logLevel': { enum: ['error', 'warn', 'info', 'debug'] },
  'telemetry.otlpEndpoint': { type: 'string', pattern: '^(https?://.+)?$' },
  'replay.mode': { enum: ['jobs', 'local'] },
  'replay.localhostProfile': { type: 'string', pattern: '^([^/.][^:]*\\.json)?$' },
  'defaults.topologySpread': { enum: ['ScheduleAnyway', 'DoNotSchedule'] },
  'defaults.extraEnv': { type: 'array', items: { type: 'object', required: ['name'] } },
  'services.marketplace.trustedPublishers': { type: 'array', items: { type: 'string', pattern: '^[^/,]+/[^/,]+$' } },
};
/** Maps whose members are the user's own. */
const OPEN = new Set(['nodeSelector', 'affinity', 'podAnnotations', 'podLabels', 'labels', 'annotations', 'requests', 'limits']);
const RETENTION = '^[1-9]\\d{0,5}[hd]$';
const DURATIONS = new Set(['statementTimeout', 'pullInterval', 'crossVerifyWait']);

/** JSON Schema (draft 7, what Helm reads) of values whose defaults are these; a member that there is not is refused. */
export function schemaOf(values) {
  const schema = objectOf(values, []);
  const shared = schema.properties.defaults.properties;
  for (const service of Object.values(schema.properties.services.properties)) service.properties = { ...shared, ...service.properties };
  return { $schema: 'http://json-schema.org/draft-07/schema#', title: 'Values of the chart stella', ...schema };
}

function objectOf(value, path) {
  const properties = Object.fromEntries(Object.entries(value).map(([name, member]) => [name, typeOf(member, [...path, name])]));
  // Helm hands a parent chart's `global` through.
  const additionalProperties = path[0] === 'global' || OPEN.has(path.at(-1));
  return { type: 'object', additionalProperties, properties };
}

function typeOf(value, path) {
  const name = path.at(-1);
  const known = KNOWN[path.join('.')];
  if (known) return known;
  if (path[0] === 'retention' && typeof value === 'string') return { type: 'string', pattern: RETENTION };
  if (DURATIONS.has(name)) return { type: 'string', pattern: '^\\d+(ms|s|m|h|d)$' };
  if (OPEN.has(name)) return { type: 'object' };
  if (Array.isArray(value)) return { type: 'array', ...(typeof value[0] === 'number' && { items: { type: 'integer', minimum: 1, maximum: 65_535 } }) };
  if (typeof value === 'object' && value !== null) return objectOf(value, path);
  if (typeof value === 'number') return { type: 'integer', minimum: 0 };
  return { type: typeof value };
}
