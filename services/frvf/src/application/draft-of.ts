import type { WitnessCore } from '@stella/witness';
import type { DraftCore } from '../domain/draft-core.js';

/** What a witness says of how its program is run. */
export function draftOf({ toolchain: _t, expectedFailure: _f, symbolPointers: _s, artifact, ...chosen }: WitnessCore): DraftCore {
  return { ...chosen, artifactSha256: artifact.sha256 };
}
