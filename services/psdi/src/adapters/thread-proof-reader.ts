import type { ProofReader } from '../application/ports.js';
import type { EnvelopeFinding, IndexPair, ProofFinding } from '../domain/read-proof.js';
import type { ComputingThread } from './computing-thread.js';

/** Reads proofs in a thread of its own: one of a new toolchain lists thousands of units, and takes a second. */
export class ThreadProofReader implements ProofReader {
  constructor(private readonly thread: ComputingThread) {}

  open(envelope: Uint8Array): Promise<EnvelopeFinding> {
    return this.thread.ask('open', [envelope]);
  }

  verify(envelope: Uint8Array, indexes: IndexPair): Promise<ProofFinding> {
    return this.thread.ask('verify', [envelope, indexes]);
  }
}
