import { EntryCrossVerified } from '@stella/contracts/stella/fbpe/v1alpha/events';
import { VerificationCompleted, WitnessRecorded } from '@stella/contracts/stella/frvf/v1alpha/events';
import { DeltaIndexed } from '@stella/contracts/stella/psdi/v1alpha/events';
import type { EventHandler, ServiceEvents } from '@stella/platform-events';
import type { NewsRepository } from '../application/repositories.js';
import { newsAbout } from '../domain/news.js';

interface Told {
  readonly subjects: readonly string[];
  /** SHA-256 of the envelope. */
  readonly evidence: string;
}

/** What others announce, and what it is about: an earlier answer to a question about it is not given again. */
const NEWS: Readonly<Record<string, (payload: Uint8Array) => Told>> = {
  'stella.frvf.witness-recorded.v1alpha': (payload) => {
    const { incident, artifactSha256, evidenceSha256 } = WitnessRecorded.decode(payload);
    return { subjects: [newsAbout.witnessesOfArtifact(artifactSha256), newsAbout.witnessesOfIncident(incident.replace(/^incidents\//, ''))], evidence: evidenceSha256 };
  },
  'stella.frvf.verification-completed.v1alpha': (payload) => {
    const { witness, artifactSha256, evidenceSha256 } = VerificationCompleted.decode(payload);
    return { subjects: [newsAbout.replaysOfArtifact(witness, artifactSha256)], evidence: evidenceSha256 };
  },
  'stella.psdi.delta-indexed.v1alpha': (payload) => {
    const { baselineSha256, candidateSha256, proofSha256 } = DeltaIndexed.decode(payload);
    return { subjects: [newsAbout.delta(baselineSha256, candidateSha256)], evidence: proofSha256 };
  },
  'stella.fbpe.entry-cross-verified.v1alpha': (payload) => {
    const { payloadSha256, evidenceSha256 } = EntryCrossVerified.decode(payload);
    return { subjects: [newsAbout.checksOfPayload(payloadSha256)], evidence: evidenceSha256 };
  },
};

export function subscribeToNews(events: ServiceEvents, news: NewsRepository): void {
  for (const [topic, read] of Object.entries(NEWS)) {
    const handler: EventHandler = { commit: ({ tenant, time, payload }, tx) => news.add(tx, { tenant, time, ...read(payload) }) };
    events.subscribe({ topic }, handler);
  }
}
