import { CATEGORY_WEIGHTS, type Category, fingerprint, type FrameTrust, type NormalisedFrame, type NormalisedTrace } from '@stella/stack-fingerprint';
import type { Stack } from '../domain/stack.js';

/** A stack with its frames as one row; `s` is the stack's table. */
export const STACK_COLUMNS = `
  s.tenant, s.id, s.normaliser_version, s.format, s.language, s.failure, s.raw_keys, s.lines, s.truncated, s.threads, s.rules,
  s.incident, s.matched_incident, s.revision, s.create_time,
  COALESCE((SELECT jsonb_agg(to_jsonb(f) ORDER BY f.position) FROM stack_frames f
            WHERE f.tenant = s.tenant AND f.stack_id = s.id), '[]') AS frames`;

export interface StackRow {
  readonly tenant: string;
  readonly id: string;
  readonly normaliser_version: string;
  readonly format: NormalisedTrace['format'];
  readonly language: NormalisedTrace['language'];
  readonly failure: NormalisedTrace['failure'];
  readonly raw_keys: string[];
  readonly lines: string[] | null;
  readonly truncated: boolean;
  readonly threads: number;
  readonly rules: NormalisedTrace['rules'];
  readonly incident: string | null;
  readonly matched_incident: string | null;
  readonly revision: bigint;
  readonly create_time: Date;
  readonly frames: readonly FrameRow[];
}

export interface FrameRow {
  readonly position: number;
  readonly key: string | null;
  readonly function_name: string | null;
  readonly module: string | null;
  readonly gnu_build_id: string | null;
  readonly module_offset: string | null;
  readonly file: string | null;
  readonly line: number | null;
  readonly inlined: boolean;
  readonly trust: FrameTrust;
  readonly role: NormalisedFrame['role'];
  readonly category: Category;
  readonly repeated: number;
  readonly rules: string[];
}

/** The levels and index terms follow from the trace: made again, they cannot disagree with it. */
export function toStack(row: StackRow): Stack {
  const trace: NormalisedTrace = {
    normaliserVersion: row.normaliser_version,
    format: row.format,
    language: row.language,
    failure: row.failure,
    frames: row.frames.map(toFrame),
    rawKeys: row.raw_keys,
    truncated: row.truncated,
    threads: row.threads,
    rules: row.rules,
    ...(row.lines && { lines: row.lines }),
  };
  return {
    tenant: row.tenant,
    id: row.id,
    trace,
    fingerprints: fingerprint(trace),
    incident: row.incident ?? undefined,
    matchedIncident: row.matched_incident ?? undefined,
    revision: row.revision,
    createTime: row.create_time,
  };
}

function toFrame(row: FrameRow): NormalisedFrame {
  return {
    ...(row.key !== null && { key: row.key }),
    ...(row.function_name !== null && { function: row.function_name }),
    ...(row.module !== null && { module: row.module }),
    ...(row.gnu_build_id !== null && { gnuBuildId: row.gnu_build_id }),
    ...(row.module_offset !== null && { moduleOffset: row.module_offset }),
    ...(row.file !== null && { file: row.file }),
    ...(row.line !== null && { line: row.line }),
    inlined: row.inlined,
    trust: row.trust,
    role: row.role,
    category: row.category,
    weight: CATEGORY_WEIGHTS[row.category],
    repeated: row.repeated,
    rules: row.rules,
  };
}
