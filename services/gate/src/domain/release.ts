import { canonicalize, sha256Hex } from '@stella/attestation';
import { DomainError } from '@stella/errors';
import { unsafeText, type Claim } from '@stella/policy';
import { type BaselineWord, questionId, requestId } from '@stella/verdict';

/** One side of a release decision. */
export interface ReleaseSide {
  readonly sha256: string;
  readonly label: string;
}

/** What is asked, parsed. */
export interface ReleaseQuestion {
  readonly tenant: string;
  readonly baseline: ReleaseSide;
  readonly candidate: ReleaseSide & { readonly resourceUri: string };
  readonly claims: readonly Claim[];
  readonly policyId: string;
  readonly baselineWord: BaselineWord;
  readonly fresh: boolean;
}

export function claimedIncidents(claims: readonly Claim[]): readonly string[] {
  return [...new Set(claims.flatMap((claim) => (claim.kind === 'fixes_incident' ? [claim.incident] : [])))];
}

export function artifactsOf({ baseline, candidate }: ReleaseQuestion): readonly string[] {
  return [...new Set([baseline.sha256, candidate.sha256])];
}

const LABEL_BYTES_MAX = 256;
const RESOURCE_URI_BYTES_MAX = 512;
// What a summary takes as the address of a resource (libs/attestation vsa.ts).
const ABSOLUTE_URI = /^[a-z][a-z0-9+.-]*:[^\s<>"{}|\\^`]+$/;

/** An artifact without a name is called by its digest. @throws DomainError REQUEST_INVALID for text that looks other than it is */
export function releaseSide(field: string, sha256: string, label: string): ReleaseSide {
  if (label === '') return { sha256, label: `sha256:${sha256}` };
  const problem = unsafeText(label, LABEL_BYTES_MAX);
  if (problem !== undefined) throw new DomainError('REQUEST_INVALID', { fields: `${field}.label`, problem });
  return { sha256, label };
}

/** The generic package URL where none is given. @throws DomainError REQUEST_INVALID */
export function resourceUriOf(sha256: string, uri: string): string {
  if (uri === '') return `pkg:generic/artifact?checksum=sha256:${sha256}`;
  const problem = unsafeText(uri, RESOURCE_URI_BYTES_MAX) ?? (ABSOLUTE_URI.test(uri) ? undefined : 'NOT_A_URI');
  if (problem !== undefined) throw new DomainError('REQUEST_INVALID', { fields: 'candidate.resource_uri', problem });
  return uri;
}

/** Digest of what is asked, under one version of the policy. */
export function requestOf({ tenant, baseline, candidate, claims }: ReleaseQuestion, policySha256: string): string {
  return requestId({ tenant, baselineSha256: baseline.sha256, candidateSha256: candidate.sha256, claims, policySha256 });
}

/** Digest of what is asked: a verdict takes the place of earlier ones to the same question. */
export function questionIdOf({ tenant, baseline, candidate, claims, policyId, baselineWord }: ReleaseQuestion): string {
  return questionId({ tenant, baselineSha256: baseline.sha256, candidateSha256: candidate.sha256, claims, policyId, baselineWord });
}

/** Digest of what changes a verdict's wording or its baseline's standing, and is no part of the request's own digest. */
export function askedDigest({ baseline, candidate, baselineWord }: ReleaseQuestion): string {
  return sha256Hex(canonicalize({ baseline: baseline.label, candidate: candidate.label, resourceUri: candidate.resourceUri, baselineWord }));
}
