import { createHash } from 'node:crypto';

/** A request id for one step of one evaluation (UUID version 8, RFC 9562): taken up again, it asks for the same things under the same ids. */
export function stepId(evaluationId: string, step: string): string {
  const bytes = createHash('sha256').update(`${evaluationId}\n${step}`).digest().subarray(0, 16);
  bytes[6] = ((bytes[6] ?? 0) & 0x0f) | 0x80;
  bytes[8] = ((bytes[8] ?? 0) & 0x3f) | 0x80;
  return bytes.toString('hex').replace(/^(.{8})(.{4})(.{4})(.{4})(.{12})$/, '$1-$2-$3-$4-$5');
}
