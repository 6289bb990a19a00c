import { EvidenceReinstated, EvidenceWithdrawn, KeyRevoked, PolicyRevoked, VerdictIssued } from '@stella/contracts/stella/gate/v1alpha/events';
import { VerificationCompleted, WitnessRecorded } from '@stella/contracts/stella/frvf/v1alpha/events';
import { PackPublished } from '@stella/contracts/stella/marketplace/v1alpha/events';
import { DeltaIndexed } from '@stella/contracts/stella/psdi/v1alpha/events';
import type { BlobStore } from '@stella/platform-blobs';
import type { Event, ServiceEvents } from '@stella/platform-events';
import type { AppendEntry } from '../application/append-entry.js';
import { TOPICS } from '../events.js';
import { limits } from '../limits.js';

/** Which events tell of evidence, and where its envelope's digest is; empty: of this one nothing is signed. */
const EVIDENCE_OF: Readonly<Record<string, (payload: Uint8Array) => string>> = {
  [TOPICS.deltaIndexed]: (payload) => DeltaIndexed.decode(payload).proofSha256,
  [TOPICS.witnessRecorded]: (payload) => WitnessRecorded.decode(payload).evidenceSha256,
  [TOPICS.verificationCompleted]: (payload) => VerificationCompleted.decode(payload).evidenceSha256,
  [TOPICS.packPublished]: (payload) => PackPublished.decode(payload).manifestSha256,
  [TOPICS.verdictIssued]: (payload) => VerdictIssued.decode(payload).statementSha256,
  [TOPICS.evidenceWithdrawn]: (payload) => EvidenceWithdrawn.decode(payload).statementSha256,
  [TOPICS.evidenceReinstated]: (payload) => EvidenceReinstated.decode(payload).statementSha256,
  [TOPICS.keyRevoked]: (payload) => KeyRevoked.decode(payload).statementSha256,
  [TOPICS.policyRevoked]: (payload) => PolicyRevoked.decode(payload).statementSha256,
};

/** Events of so many keys share a batch of the log. */
const CONCURRENCY = 64;

/** Logs the evidence that the other services tell of; the same evidence twice is one entry, so that `prepare` does it all. */
export function subscribeToEvidence(events: ServiceEvents, blobs: BlobStore, append: AppendEntry): void {
  for (const [topic, evidenceOf] of Object.entries(EVIDENCE_OF)) {
    events.subscribe<void>(
      { topic, concurrency: CONCURRENCY },
      {
        async prepare({ tenant, payload }: Event) {
          const sha256 = evidenceOf(payload);
          if (sha256 !== '') await append.execute(tenant, await blobs.bytes(sha256, limits.envelopeBytesMax));
        },
        commit: () => Promise.resolve(),
      },
    );
  }
}
