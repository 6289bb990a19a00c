import { DomainError } from '@stella/errors';
import { LIMITS } from '../limits.js';
import { claimSentence, type Claim } from './claim.js';
import { unsafeText } from './safe-text.js';
import { isToolchainVersion } from './toolchain-version.js';

const INCIDENT_ID = /^[A-Za-z0-9][A-Za-z0-9._-]*$/;
const SPACE = /\s/u;

function refuse(claim: string, problem: string): never {
  throw new DomainError('CLAIM_INVALID', { claim: printable(claim), problem });
}

/** A stranger's text in an error: bounded, and with every character that is not plain spelt out. */
export function printable(text: string): string {
  return text.slice(0, 200).replace(/[^\x20-\x7e]/gu, (c) => `\\u{${(c.codePointAt(0) ?? 0).toString(16)}}`);
}

/** The checks that hold however a claim was written. Errors: CLAIM_INVALID with the problem's name. */
export function checkClaim(claim: Claim): Claim {
  switch (claim.kind) {
    case 'fixes_incident':
      checkText(claim.incident, LIMITS.incidentIdBytesMax);
      if (!INCIDENT_ID.test(claim.incident) || claim.incident.includes('..')) refuse(claim.incident, 'INCIDENT_ID');
      return claim;
    case 'changes':
      checkPattern(claim.pattern);
      return claim;
    case 'toolchain':
      if (!isToolchainVersion(claim.from) || !isToolchainVersion(claim.to)) {
        refuse(claimSentence(claim), 'TOOLCHAIN_VERSION');
      }
      if (claim.from === claim.to) refuse(claimSentence(claim), 'TOOLCHAIN_UNCHANGED');
      return claim;
    case 'data_only':
    case 'no_semantic_change':
      return claim;
  }
}

function checkText(text: string, bytesMax: number): void {
  const problem = unsafeText(text, bytesMax);
  if (problem !== undefined) refuse(text, problem);
}

function checkPattern(pattern: string): void {
  checkText(pattern, LIMITS.patternBytesMax);
  if (SPACE.test(pattern)) refuse(pattern, 'SPACE');
  if (pattern.includes('\\')) refuse(pattern, 'BACKSLASH');
  if (pattern.startsWith('/') || pattern.endsWith('/')) refuse(pattern, 'PATH');
  if (pattern.split('/').some((segment) => segment === '' || segment === '.' || segment === '..')) refuse(pattern, 'PATH');
  if (pattern.includes('***')) refuse(pattern, 'WILDCARD');
  const wildcards = pattern.match(/\*+/g)?.length ?? 0;
  if (wildcards > LIMITS.patternWildcardsMax) refuse(pattern, 'WILDCARDS_TOO_MANY');
}

/** Checks a release's claims together. Errors: CLAIMS_TOO_MANY, CLAIM_INVALID (a claim twice, or claims that exclude each other). */
export function checkClaims(claims: readonly Claim[]): readonly Claim[] {
  if (claims.length > LIMITS.claimsMax) {
    throw new DomainError('CLAIMS_TOO_MANY', { claims: String(claims.length), claimsMax: String(LIMITS.claimsMax) });
  }
  const seen = new Set<string>();
  for (const claim of claims) {
    const sentence = claimSentence(checkClaim(claim));
    if (seen.has(sentence)) refuse(sentence, 'TWICE');
    seen.add(sentence);
  }
  if (claims.filter((claim) => claim.kind === 'toolchain').length > 1) refuse('toolchain', 'TWICE');
  return claims;
}
