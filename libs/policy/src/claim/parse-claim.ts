import { DomainError } from '@stella/errors';
import { LIMITS } from '../limits.js';
import { checkClaim, printable } from './check-claim.js';
import type { Claim } from './claim.js';
import { unsafeText } from './safe-text.js';

const FIXES = /^(?:fixes incident|fixes_incident) (?<incident>\S+)$/u;
const CHANGES_FILE = /^changes file (?<pattern>\S+)$/u;
const CHANGES = /^changes (?<pattern>\S+)$/u;
const TOOLCHAIN = /^toolchain (?:from (?<from1>\S+) to (?<to1>\S+)|(?<from2>\S+) (?:->|→) (?<to2>\S+))$/u;
const DATA_ONLY = /^data[ _]only$/u;
const NO_CHANGE = /^no[ _]semantic[ _]change$/u;

function refuse(sentence: string, problem: string): never {
  throw new DomainError('CLAIM_INVALID', { claim: printable(sentence), problem });
}

/**
 * A claim from its sentence as on the command line: words apart by exactly one space.
 *
 *     fixes incident <id>            changes <pattern>           changes file <pattern>
 *     toolchain <from> -> <to>       data only                   no semantic change
 *
 * Errors: CLAIM_INVALID, with the problem's name in the facts.
 */
export function parseClaim(sentence: string): Claim {
  const unsafe = unsafeText(sentence, LIMITS.claimBytesMax);
  if (unsafe !== undefined) refuse(sentence, unsafe);
  const fixes = FIXES.exec(sentence)?.groups;
  if (fixes !== undefined) return checkClaim({ kind: 'fixes_incident', incident: fixes.incident ?? '' });
  const file = CHANGES_FILE.exec(sentence)?.groups;
  if (file !== undefined) return checkClaim({ kind: 'changes', target: 'file', pattern: file.pattern ?? '' });
  const changes = CHANGES.exec(sentence)?.groups;
  if (changes !== undefined) return checkClaim({ kind: 'changes', target: 'code', pattern: changes.pattern ?? '' });
  const toolchain = TOOLCHAIN.exec(sentence)?.groups;
  if (toolchain !== undefined) {
    return checkClaim({ kind: 'toolchain', from: toolchain.from1 ?? toolchain.from2 ?? '', to: toolchain.to1 ?? toolchain.to2 ?? '' });
  }
  if (DATA_ONLY.test(sentence)) return { kind: 'data_only' };
  if (NO_CHANGE.test(sentence)) return { kind: 'no_semantic_change' };
  return refuse(sentence, 'FORM');
}

const MEMBERS: Readonly<Record<Claim['kind'], readonly string[]>> = {
  fixes_incident: ['incident'],
  changes: ['pattern', 'target'],
  toolchain: ['from', 'to'],
  data_only: [],
  no_semantic_change: [],
};

/** A claim from parsed JSON, as it stands in a verdict. Errors: CLAIM_INVALID. */
export function claimFromJson(value: unknown): Claim {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) refuse('claim', 'FORM');
  const record = value as Readonly<Record<string, unknown>>;
  const kind = record.kind;
  if (typeof kind !== 'string' || !Object.hasOwn(MEMBERS, kind)) refuse('claim', 'KIND');
  const expected = ['kind', ...MEMBERS[kind as Claim['kind']]];
  const names = Object.keys(record);
  if (names.length !== expected.length || names.some((name) => !expected.includes(name))) refuse(kind, 'MEMBERS');
  if (names.some((name) => typeof record[name] !== 'string')) refuse(kind, 'MEMBERS');
  if (kind === 'changes' && record.target !== 'code' && record.target !== 'file') refuse(kind, 'TARGET');
  return checkClaim({ ...(record as object) } as Claim);
}
