/** What bounds the work that a release's author can ask for. */
export const LIMITS = {
  claimsMax: 100,
  claimBytesMax: 1_024,
  patternBytesMax: 512,
  patternWildcardsMax: 8,
  incidentIdBytesMax: 128,
  changedUnitsMax: 100_000,
  baselineFunctionsMax: 2_000_000,
  modulePathsMax: 10_000,
  unitNameBytesMax: 65_536,
  evidencePerFactMax: 1_000,
  rulesMax: 100,
  ruleBytesMax: 8_192,
  annotationBytesMax: 512,
  policyTestsMax: 500,
  waiversMax: 20,
  waiverReasonBytesMax: 512,
} as const;
