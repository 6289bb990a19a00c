import { buildStatement, parseStatement, PREDICATE_TYPES, sha256Hex, type StatementInput } from '@stella/attestation';
import { readVerdict } from './read-verdict.js';
import type { Verdict } from './verdict.js';

/** The statement of a verdict; sign it with `signStatement`. Errors: VERDICT_INVALID for what would not read back. */
export function verdictStatement(verdict: Verdict): StatementInput {
  const { sha256, label } = verdict.candidate;
  const input = { subjects: [{ name: label, sha256 }], predicateType: PREDICATE_TYPES.verdict, predicate: verdict };
  readVerdict(parseStatement(buildStatement(input)));
  return input;
}

/** SHA-256 of the statement's bytes. */
export function verdictId(verdict: Verdict): string {
  return sha256Hex(buildStatement(verdictStatement(verdict)));
}
