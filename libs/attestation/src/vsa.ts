import { DomainError, isDomainError } from '@stella/errors';
import { SHA256_HEX } from './digest.js';
import type { JsonValue } from './json-value.js';
import { checkText, ObjectReader } from './object-reader.js';
import { PREDICATE_TYPES } from './predicate-types.js';
import type { Statement, StatementInput, Subject } from './statement.js';

export interface ResourceDigest {
  readonly uri: string;
  /** 64 lower-case hexadecimal digits. */
  readonly sha256: string;
}

/**
 * SLSA Verification Summary Attestation 1.2 (slsa-framework/slsa spec/verification_summary.md), narrowed: always
 * PASSED, exactly one subject, policy digest and time always there, every input attestation with a digest.
 */
export interface VerificationSummary {
  readonly subject: Subject;
  /** Absolute URI; one per tenant. */
  readonly verifierId: string;
  /** Version of each component that verified, by name. */
  readonly verifierVersion: Readonly<Record<'stella', string>>;
  readonly timeVerified: Date;
  /** Package URL or image reference of the subject. */
  readonly resourceUri: string;
  readonly policy: ResourceDigest;
  /** All inputs; the first is the verdict statement. */
  readonly inputAttestations: readonly ResourceDigest[];
  /** `STELLA_<PRESET>` or `STELLA_WAIVED`; never a `SLSA_` level, which nothing here measures. */
  readonly verifiedLevels: readonly string[];
}

const SLSA_VERSION = '1.2';
const INPUT_COUNT_MAX = 10_000;
const LEVEL = /^STELLA_[A-Z][A-Z0-9_]*$/;
const ABSOLUTE_URI = /^[a-z][a-z0-9+.-]*:[^\s<>"{}|\\^`]+$/;
const URI_RULE = { lengthMax: 2048, pattern: ABSOLUTE_URI };

/**
 * The statement of a summary; sign it with `signStatement`.
 * @throws DomainError `VSA_INVALID` for anything that `parseVsa` would refuse
 */
export function buildVsa(summary: VerificationSummary): StatementInput {
  const statement = {
    subjects: [summary.subject],
    predicateType: PREDICATE_TYPES.slsaVsa,
    predicate: {
      verifier: { id: summary.verifierId, version: { stella: summary.verifierVersion.stella } },
      timeVerified: summary.timeVerified.toISOString(),
      resourceUri: summary.resourceUri,
      policy: withDigest(summary.policy),
      inputAttestations: summary.inputAttestations.map(withDigest),
      verificationResult: 'PASSED',
      verifiedLevels: [...summary.verifiedLevels],
      slsaVersion: SLSA_VERSION,
    },
  };
  parseVsa(statement);
  return statement;
}

/** @throws DomainError `PREDICATE_TYPE_MISMATCH` or `VSA_INVALID` with `at` and `problem` */
export function parseVsa(statement: Statement): VerificationSummary {
  if (statement.predicateType !== PREDICATE_TYPES.slsaVsa) {
    throw new DomainError('PREDICATE_TYPE_MISMATCH', {
      expected: PREDICATE_TYPES.slsaVsa,
      actual: statement.predicateType,
    });
  }
  const [subject, ...others] = statement.subjects;
  if (subject === undefined || others.length > 0) {
    throw new DomainError('VSA_INVALID', { at: 'statement.subject', problem: 'exactly one subject expected' });
  }
  try {
    return readPredicate(subject, statement.predicate);
  } catch (error) {
    if (!isDomainError(error, 'DOCUMENT_SHAPE_INVALID')) throw error;
    throw new DomainError('VSA_INVALID', error.facts, { cause: error });
  }
}

function readPredicate(subject: Subject, predicate: JsonValue): VerificationSummary {
  const reader = ObjectReader.of(predicate, 'vsa');
  reader.word('verificationResult', ['PASSED']);
  reader.word('slsaVersion', [SLSA_VERSION]);
  const verifier = reader.nested('verifier');
  const verifierId = verifier.text('id', URI_RULE);
  const version = verifier.nested('version');
  const stella = version.text('stella', { lengthMax: 100 });
  version.end();
  verifier.end();
  const summary: VerificationSummary = {
    subject,
    verifierId,
    verifierVersion: { stella },
    timeVerified: reader.time('timeVerified'),
    resourceUri: reader.text('resourceUri', URI_RULE),
    policy: readDigest(reader.value('policy'), 'vsa.policy'),
    inputAttestations: reader.list('inputAttestations', { min: 1, max: INPUT_COUNT_MAX }, readDigest),
    verifiedLevels: reader.list('verifiedLevels', { min: 1, max: 16 }, (level, path) =>
      checkText(level, path, { lengthMax: 100, pattern: LEVEL }),
    ),
  };
  reader.end();
  return summary;
}

function readDigest(value: JsonValue, path: string): ResourceDigest {
  const reader = ObjectReader.of(value, path);
  const uri = reader.text('uri', URI_RULE);
  const digest = reader.nested('digest');
  const sha256 = digest.text('sha256', { lengthMax: 64, pattern: SHA256_HEX });
  digest.end();
  reader.end();
  return { uri, sha256 };
}

function withDigest({ uri, sha256 }: ResourceDigest) {
  return { uri, digest: { sha256 } };
}
