import type { AnalysedStack, NormalisedFrame } from '@stella/stack-fingerprint';
import type { Tx } from '@stella/platform-database';
import type { StackKey } from '../application/ports.js';
import type { FrameRow } from './stack-row.js';

/** Replaces what a stack's normalisation gave: its head, frames and fingerprints, under a new revision. */
export async function writeAnalysis(tx: Tx, { tenant, id }: StackKey, { trace, fingerprints }: AnalysedStack): Promise<void> {
  const version = trace.normaliserVersion;
  await tx.execute(
    `UPDATE stacks SET normaliser_version = $3, format = $4, language = $5, failure = $6, raw_keys = $7, lines = $8,
            truncated = $9, threads = $10, rules = $11, revision = nextval('stack_revisions')
     WHERE tenant = $1 AND id = $2`,
    [tenant, id, version, trace.format, trace.language, JSON.stringify(trace.failure), trace.rawKeys, trace.lines ?? null, trace.truncated, trace.threads, JSON.stringify(trace.rules)],
  );
  await tx.execute('DELETE FROM stack_frames WHERE tenant = $1 AND stack_id = $2', [tenant, id]);
  await tx.execute(
    `INSERT INTO stack_frames (tenant, stack_id, normaliser_version, position, key, function_name, module, gnu_build_id, module_offset,
                               file, line, inlined, trust, role, category, repeated, rules)
     SELECT $1, $2, $3, f.* FROM jsonb_to_recordset($4) AS f(
       position integer, key text, function_name text, module text, gnu_build_id text, module_offset text,
       file text, line integer, inlined boolean, trust text, role text, category text, repeated integer, rules text[])`,
    [tenant, id, version, JSON.stringify(trace.frames.map(toRow))],
  );
  const levels = { K0: fingerprints.k0, K1: fingerprints.k1, K2: fingerprints.k2, K3: fingerprints.k3, K4: fingerprints.k4 };
  await tx.execute('DELETE FROM stack_fingerprints WHERE tenant = $1 AND stack_id = $2', [tenant, id]);
  await tx.execute(
    `INSERT INTO stack_fingerprints (tenant, stack_id, level, value, normaliser_version)
     SELECT $1, $2, key, value, $3 FROM jsonb_each_text($4)`,
    [tenant, id, version, JSON.stringify(levels)],
  );
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
