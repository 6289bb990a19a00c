import { sha256Hex } from '@stella/attestation';
import { isDomainError } from '@stella/errors';
import { parseCheckpoint, parseNote, parseTlogProof } from '@stella/transparency-log';
import type { EvidenceItem } from '@stella/verdict';
import { causeOf, isSilence } from '../domain/collected.js';
import { limits } from '../limits.js';
import { type Asking, callOf, throwIfGivenUp } from './asking.js';
import { atOnce } from './at-once.js';
import type { EvidenceLog, GateFacts } from './ports.js';

/** How large the log was when everything was in it. */
export interface LogState {
  readonly origin: string;
  readonly size: number;
}

/** Puts evidence into the own log. Without the log evidence is as good as before, but nobody else can see it. */
export class LogEvidence {
  constructor(
    private readonly log: EvidenceLog,
    private readonly facts: GateFacts,
  ) {}

  async execute(asking: Asking, envelopes: readonly Uint8Array[]): Promise<readonly EvidenceItem[]> {
    let done = 0;
    asking.report({ stage: 'log', message: 'pieces of evidence', done, total: envelopes.length, cached: false });
    return atOnce(envelopes, limits.appendsAtOnce, async (envelope) => {
      const item = await this.#append(asking, envelope);
      done += 1;
      asking.report({ stage: 'log', message: 'pieces of evidence', done, total: envelopes.length, cached: false });
      return item;
    });
  }

  async #append(asking: Asking, envelope: Uint8Array): Promise<EvidenceItem> {
    try {
      return { envelope, log: await this.log.append(callOf(asking, `append ${sha256Hex(envelope)}`), envelope) };
    } catch (error) {
      throwIfGivenUp(error, asking.signal);
      // What the log does not take stays evidence that is in no log.
      if (isSilence(error)) asking.unanswered.add('log', causeOf(error));
      this.facts.unanswered('log', error);
      return { envelope };
    }
  }
}

/** The largest checkpoint among the proofs; whether the proofs hold is the evaluation's to say. */
export function logStateOf(items: readonly EvidenceItem[], originOfRoot: string): LogState {
  let state: LogState = { origin: originOfRoot, size: 0 };
  for (const { log } of items) {
    const checkpoint = log && checkpointOf(log.proof);
    if (checkpoint !== undefined && checkpoint.size > state.size) state = { origin: checkpoint.origin, size: checkpoint.size };
  }
  return state;
}

function checkpointOf(proof: Uint8Array): LogState | undefined {
  try {
    return parseCheckpoint(parseNote(parseTlogProof(proof).checkpoint).text);
  } catch (error) {
    if (isDomainError(error)) return undefined;
    throw error;
  }
}
