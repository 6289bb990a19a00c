import { DomainError } from '@stella/errors';
import { z } from 'zod';
import type { Capabilities } from '../application/describe-host.js';
import type { ReplayRecords } from '../application/ports.js';
import type { ReplayOrder } from '../domain/replay-order.js';
import type { ReplayReport } from '../domain/replay-report.js';
import { CLOSURE_FILES_MAX, DETAIL_CHARS_MAX, JOB_RESULT_HEAD_BYTES_MAX, RUNS_MAX } from '../limits.js';
import { ByteReader } from './byte-reader.js';

/** What a Job hands over. */
export interface JobResult {
  readonly capabilities: Capabilities;
  readonly report: ReplayReport | undefined;
}

const sha256 = z.string().regex(/^[0-9a-f]{64}$/);
const orNone = z.union([sha256, z.literal('')]);
const whole = z.number().int().min(0);
const host = z.strictObject({
  runnerSha256: sha256,
  kernel: z.string().max(200),
  cpuModelClass: z.string().max(500),
  closure: z.array(z.strictObject({ path: z.string().max(4_096), sha256 })).max(CLOSURE_FILES_MAX),
});
const output = z.strictObject({ sha256, sizeBytes: whole, truncated: z.boolean() });
const outcome = z.strictObject({
  exit: z.union([z.strictObject({ code: z.number().int() }), z.strictObject({ signal: z.number().int() })]),
  capHit: z.enum(['wall', 'cpu', 'memory', 'output', 'pids', 'disk']).nullable(),
  stdout: output,
  stderr: output,
  stackSha256: orNone,
  pins: z.record(z.string(), z.string()),
  nonDeterminism: z.record(z.string(), whole),
  threads: whole,
  determinism: z.string().max(10),
  isolation: z.string().max(10),
  measured: z.looseObject({ wallMs: z.number(), cpuMs: z.number(), maxRssBytes: z.number() }),
});
const failure = z.strictObject({ reason: z.string().max(100), detail: z.string().max(2 * DETAIL_CHARS_MAX) });
const run = z.union([z.strictObject({ runId: z.string().max(100), outcome }), z.strictObject({ runId: z.string().max(100), failure })]);
const report = z.union([z.strictObject({ outcomesSha256: sha256, runs: z.array(run).max(RUNS_MAX), host }), z.strictObject({ failure })]);
const head = z.strictObject({
  format: z.literal('stella-replay-result/1'),
  capabilities: z.strictObject({
    host,
    capabilities: z.array(z.strictObject({ name: z.string().max(100), available: z.boolean(), detail: z.string().max(1_000) })).max(100),
    isolation: z.string().max(10),
    determinism: z.string().max(10),
  }),
  report: report.optional(),
  blobs: z.array(z.strictObject({ sha256, sizeBytes: whole })).max(4 * RUNS_MAX),
});

export interface ResultBlob {
  readonly sha256: string;
  readonly sizeBytes: number;
}

/** The list in front: its length as four bytes, big-endian, then JSON. The blobs follow in the list's order. */
export function encodeHead(result: JobResult, blobs: readonly ResultBlob[]): Buffer {
  const text = Buffer.from(JSON.stringify({ format: 'stella-replay-result/1', ...result, blobs }));
  const length = Buffer.alloc(4);
  length.writeUInt32BE(text.length);
  return Buffer.concat([length, text]);
}

/**
 * Takes a result in: it was written next to a hostile program, so nothing of it is believed that can be checked.
 * @throws DomainError REPLAY_RESULT_INVALID; nothing but blobs is then left
 */
export async function readResult(bytes: AsyncIterable<Uint8Array>, records: ReplayRecords, order: ReplayOrder | undefined): Promise<JobResult> {
  const reader = new ByteReader(bytes);
  const parsed = head.safeParse(json(await reader.take(await headLength(reader))));
  if (!parsed.success) throw invalid(parsed.error.issues.map(({ path, message }) => `${path.join('.')}: ${message}`).join('; '));
  const { capabilities, report: told, blobs } = parsed.data;
  const kept = new Set<string>();
  const sizeBytesMax = outputMax(order);
  for (const { sha256: digest, sizeBytes } of blobs) {
    if (sizeBytes > sizeBytesMax) throw invalid(`a blob of ${sizeBytes} bytes`);
    if ((await records.keepBytes(await reader.take(sizeBytes))) !== digest) throw invalid('a blob is not what it is listed as');
    kept.add(digest);
  }
  if (!(await reader.isAtEnd())) throw invalid('bytes follow that are not listed');
  if (told !== undefined && 'runs' in told) requireComplete(told, kept, order);
  return { capabilities, report: told };
}

function requireComplete(told: Extract<ReplayReport, { runs: unknown }>, kept: ReadonlySet<string>, order: ReplayOrder | undefined): void {
  if (order === undefined) throw invalid('a report that nobody asked for');
  if (told.runs.length > order.replays + order.notRunMax) throw invalid(`${told.runs.length} runs of ${order.replays}`);
  if (new Set(told.runs.map(({ runId }) => runId)).size !== told.runs.length) throw invalid('a run is told twice');
  for (const one of told.runs) {
    if (!('outcome' in one)) continue;
    const { stdout, stderr, stackSha256 } = one.outcome;
    const missing = [stdout.sha256, stderr.sha256, stackSha256].find((digest) => digest !== '' && !kept.has(digest));
    if (missing !== undefined) throw invalid(`the blob ${missing} is missing`);
  }
}

async function headLength(reader: ByteReader): Promise<number> {
  const length = (await reader.take(4)).readUInt32BE();
  if (length > JOB_RESULT_HEAD_BYTES_MAX) throw invalid(`a list of ${length} bytes`);
  return length;
}

/** Output is capped by the order; a stack and a list of runs are small beside it. */
function outputMax(order: ReplayOrder | undefined): number {
  return Math.max(order?.setup.caps.outputBytes ?? 0, JOB_RESULT_HEAD_BYTES_MAX);
}

function json(bytes: Buffer): unknown {
  try {
    return JSON.parse(bytes.toString('utf8'));
  } catch (error) {
    throw invalid((error as Error).message);
  }
}

function invalid(problem: string): DomainError {
  return new DomainError('REPLAY_RESULT_INVALID', { problem: problem.slice(0, DETAIL_CHARS_MAX) });
}
