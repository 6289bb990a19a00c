import { readFile } from 'node:fs/promises';
import { parseArgs } from 'node:util';
import { DomainError, isDomainError } from '@stella/errors';
import { createLogger } from '@stella/platform-telemetry';
import { applyTopics, type TopicsReport } from './apply-topics.js';
import type { Hidden, KafkaConnection, KafkaSasl } from './connection.js';
import { readTopics, retentionOf, withRetention } from './topics.js';

const REPLICAS_MAX = 100;
const USAGE = `usage: topics --file topics.json --brokers host:port[,host:port…] [option…]
  --prefix <text>                before every topic
  --replication-factor <count>   default: the brokers' own
  --retention <12h|7d>           of topics of events, in place of the file's
  --dead-letter-retention <30d>  of dead-letter topics, in place of the file's
  --check                        changes nothing; ends with 1 if a topic is missing or different
  --tls                          implied by the next two
  --tls-ca <file>                PEM
  --tls-certificate <file> --tls-key <file>
  --sasl-mechanism plain|scram-sha-256|scram-sha-512 --sasl-username <name> --sasl-password-file <file>
Creates the topics that are missing, tells what is not as the file says, deletes and changes nothing. Safe to repeat.
Exit codes: 0 done, 1 a check found something, or it failed, 2 usage.`;

const OPTIONS = {
  file: { type: 'string' },
  brokers: { type: 'string' },
  prefix: { type: 'string' },
  'replication-factor': { type: 'string' },
  retention: { type: 'string' },
  'dead-letter-retention': { type: 'string' },
  check: { type: 'boolean', default: false },
  tls: { type: 'boolean', default: false },
  'tls-ca': { type: 'string' },
  'tls-certificate': { type: 'string' },
  'tls-key': { type: 'string' },
  'sasl-mechanism': { type: 'string' },
  'sasl-username': { type: 'string' },
  'sasl-password-file': { type: 'string' },
  help: { type: 'boolean', default: false },
} as const;

type Values = ReturnType<typeof parseArgs<{ options: typeof OPTIONS }>>['values'];

/** Where the command says what it says. */
export interface TopicsCommandIo {
  out(line: string): void;
  err(line: string): void;
}

/** The command's exit code. */
export async function runTopicsCommand(args: readonly string[], { out, err }: TopicsCommandIo): Promise<0 | 1 | 2> {
  const values = parse(args);
  if (typeof values === 'string' || values.help) {
    err(typeof values === 'string' ? `${values}\n${USAGE}` : USAGE);
    return typeof values === 'string' ? 2 : 0;
  }
  try {
    const retention = { events: retentionOf(values.retention ?? ''), deadLetters: retentionOf(values['dead-letter-retention'] ?? '') };
    const topics = withRetention(await readTopics(values.file ?? ''), retention);
    const factor = values['replication-factor'];
    const report = await applyTopics(await connectionOf(values), topics, createLogger({ name: 'topics', level: 'warn' }), {
      check: values.check,
      ...(factor === undefined ? {} : { replicationFactor: Number(factor) }),
    });
    tell(report, values.check, out);
    return values.check && report.created.length + report.drift.length > 0 ? 1 : 0;
  } catch (error) {
    if (!isDomainError(error)) throw error;
    err(`${error.reason}: ${error.message} ${JSON.stringify(error.facts)}; ${error.next}`);
    return error.reason === 'CONFIG_INVALID' ? 2 : 1;
  }
}

/** The values, or what is wrong with them. */
function parse(args: readonly string[]): Values | string {
  try {
    const { values } = parseArgs({ args: [...args], options: OPTIONS });
    if (values.help) return values;
    if (values.file === undefined || values.brokers === undefined) return '--file and --brokers are required';
    const factor = Number(values['replication-factor'] ?? 1);
    if (!Number.isInteger(factor) || factor < 1 || factor > REPLICAS_MAX) return `--replication-factor is 1 to ${REPLICAS_MAX}`;
    for (const name of ['retention', 'dead-letter-retention'] as const) {
      if (values[name] !== undefined && retentionOf(values[name]) === undefined) return `--${name} is hours or days: 12h, 7d`;
    }
    return values;
  } catch (error) {
    return (error as Error).message;
  }
}

async function connectionOf(values: Values): Promise<KafkaConnection> {
  const mechanism = values['sasl-mechanism'];
  const [ca, certificate, key] = await Promise.all([values['tls-ca'], values['tls-certificate'], values['tls-key']].map(read));
  const usesTls = values.tls || ca !== undefined || certificate !== undefined || key !== undefined;
  return {
    brokers: (values.brokers ?? '').split(',').map((broker) => broker.trim()),
    clientId: 'stella-topics',
    ...(values.prefix === undefined ? {} : { topicPrefix: values.prefix }),
    ...(usesTls ? { tls: { ca, certificate, ...(key === undefined ? {} : { key: hidden(key) }) } } : {}),
    ...(mechanism === undefined
      ? {}
      : { sasl: { mechanism: mechanism as KafkaSasl['mechanism'], username: values['sasl-username'] ?? '', password: hidden((await read(values['sasl-password-file']))?.trimEnd() ?? '') } }),
  };
}

/** @throws DomainError CONFIG_INVALID. */
async function read(path: string | undefined): Promise<string | undefined> {
  if (path === undefined) return undefined;
  try {
    return await readFile(path, 'utf8');
  } catch (cause) {
    throw new DomainError('CONFIG_INVALID', { problems: `${path} cannot be read` }, { cause });
  }
}

const hidden = (value: string): Hidden => ({ reveal: () => value });

function tell({ created, unchanged, drift }: TopicsReport, isCheck: boolean, out: (line: string) => void): void {
  for (const name of created) out(`${isCheck ? 'missing' : 'created'}  ${name}`);
  for (const { topic, setting, wanted, found } of drift) out(`differs  ${topic}: ${setting} is ${found}, not ${wanted}`);
  out(`${created.length} ${isCheck ? 'missing' : 'created'}, ${new Set(drift.map(({ topic }) => topic)).size} different and left as they are, ${unchanged.length} as they should be`);
}
