import type { AnalysedStack, NormalisedFrame } from '@stella/stack-fingerprint';
import type { Tx } from '@stella/platform-database';
import type { StackKey } from '../application/ports.js';
import type { FrameRow } from './stack-row.js';

/** Columns of `stacks` that a normalisation gives; the values are $3 to $11 of `headOf`. */
export const HEAD_COLUMNS = 'normaliser_version, format, language, failure, raw_keys, lines, truncated, threads, rules';
export const HEAD_VALUES = '$3, $4, $5, $6, $7, $8, $9, $10, $11';

const INSERT_FRAMES = `
  INSERT INTO stack_frames (tenant, stack_id, normaliser_version, position, key, function_name, module, gnu_build_id, module_offset,
                            file, line, inlined, trust, role, category, repeated, rules)
  SELECT $1, $2, $3, f.* FROM jsonb_to_recordset($4) AS f(
    position integer, key text, function_name text, module text, gnu_build_id text, module_offset text,
    file text, line integer, inlined boolean, trust text, role text, category text, repeated integer, rules text[])`;

const INSERT_FINGERPRINTS = `
  INSERT INTO stack_fingerprints (tenant, stack_id, normaliser_version, level, value)
  SELECT $1, $2, $3, key, value FROM jsonb_each_text($5)`;

export function headOf({ tenant, id }: StackKey, { trace }: AnalysedStack): readonly unknown[] {
  const { normaliserVersion, format, language, failure, rawKeys, lines, truncated, threads, rules } = trace;
  return [tenant, id, normaliserVersion, format, language, JSON.stringify(failure), rawKeys, lines ?? null, truncated, threads, JSON.stringify(rules)];
}

/** Frames and fingerprints of a stack that has none, in one statement. */
export async function insertParts(tx: Tx, { tenant, id }: StackKey, { trace, fingerprints }: AnalysedStack): Promise<void> {
  const { k0, k1, k2, k3, k4 } = fingerprints;
  const levels = JSON.stringify({ K0: k0, K1: k1, K2: k2, K3: k3, K4: k4 });
  await tx.execute(`WITH frames AS (${INSERT_FRAMES}) ${INSERT_FINGERPRINTS}`, [tenant, id, trace.normaliserVersion, JSON.stringify(trace.frames.map(toRow)), levels]);
}

/** Replaces what a stack's normalisation gave: its head, frames and fingerprints, under a new revision. */
export async function replaceAnalysis(tx: Tx, key: StackKey, analysis: AnalysedStack): Promise<void> {
  const head = `(${HEAD_COLUMNS}, revision) = (${HEAD_VALUES}, nextval('stack_revisions'))`;
  await tx.execute(`UPDATE stacks SET ${head} WHERE tenant = $1 AND id = $2`, headOf(key, analysis));
  await tx.execute('DELETE FROM stack_frames WHERE tenant = $1 AND stack_id = $2', [key.tenant, key.id]);
  await tx.execute('DELETE FROM stack_fingerprints WHERE tenant = $1 AND stack_id = $2', [key.tenant, key.id]);
  await insertParts(tx, key, analysis);
}

function toRow(frame: NormalisedFrame, position: number): FrameRow {
  return {
    position,
    key: frame.key ?? null,
    function_name: frame.function ?? null,
    module: frame.module ?? null,
    gnu_build_id: frame.gnuBuildId ?? null,
    module_offset: frame.moduleOffset ?? null,
    file: frame.file ?? null,
    line: frame.line ?? null,
    inlined: frame.inlined,
    trust: frame.trust,
    role: frame.role,
    category: frame.category,
    repeated: frame.repeated,
    rules: [...frame.rules],
  };
}
