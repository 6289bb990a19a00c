import type { ReleaseQuestion } from './release.js';
import { artifactsOf, claimedIncidents } from './release.js';

/** What a piece of evidence is about, as far as it may change a decision. */
export const newsAbout = {
  witnessesOfArtifact: (sha256: string): string => `witnesses of artifact ${sha256}`,
  witnessesOfIncident: (incident: string): string => `witnesses of incident ${incident}`,
  replaysOfArtifact: (witness: string, sha256: string): string => `replays of ${witness} on ${sha256}`,
  delta: (baselineSha256: string, candidateSha256: string): string => `delta ${baselineSha256} ${candidateSha256}`,
  standingOfCandidate: (sha256: string): string => `standing of candidate ${sha256}`,
  checksOfPayload: (sha256: string): string => `checks of payload ${sha256}`,
} as const;

/** What a question hangs on, before anybody was asked. */
export function knownSubjects(question: ReleaseQuestion): readonly string[] {
  const { candidate, claims } = question;
  return [...artifactsOf(question).map(newsAbout.witnessesOfArtifact), ...claimedIncidents(claims).map(newsAbout.witnessesOfIncident), newsAbout.standingOfCandidate(candidate.sha256)];
}

/** What a decision hangs on. @param witnesses names @param deltaPayloadSha256 of the proof; undefined: there is none */
export function newsSubjects(question: ReleaseQuestion, witnesses: readonly string[], deltaPayloadSha256: string | undefined): readonly string[] {
  const { baseline, candidate } = question;
  const sides = artifactsOf(question);
  return [
    ...knownSubjects(question),
    ...witnesses.flatMap((witness) => sides.map((sha256) => newsAbout.replaysOfArtifact(witness, sha256))),
    newsAbout.delta(baseline.sha256, candidate.sha256),
    ...(deltaPayloadSha256 === undefined ? [] : [newsAbout.checksOfPayload(deltaPayloadSha256)]),
  ];
}
