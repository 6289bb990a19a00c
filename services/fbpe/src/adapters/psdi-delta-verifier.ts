import { type DeltaIndexServiceService, VerifyMode } from '@stella/contracts/stella/psdi/v1alpha/psdi';
import { type DomainError, type ErrorKind, isDomainError } from '@stella/errors';
import type { GrpcClient } from '@stella/platform-grpc';
import type { DeltaCheck, DeltaVerifier } from '../application/ports.js';
import { limits } from '../limits.js';

/** Says nothing about the proof: a part of ours did not do its work. */
const OURS: ReadonlySet<ErrorKind> = new Set(['unavailable', 'deadline', 'cancelled', 'exhausted', 'internal', 'unauthenticated', 'denied']);

/** The own psdi lifts both artifacts again and computes the delta itself. */
export class PsdiDeltaVerifier implements DeltaVerifier {
  constructor(private readonly psdi: GrpcClient<typeof DeltaIndexServiceService>) {}

  async verify(tenant: string, envelope: Uint8Array, signal: AbortSignal): Promise<DeltaCheck> {
    try {
      const request = { envelope: Buffer.from(envelope), mode: VerifyMode.VERIFY_MODE_DEEP };
      const { valid, refusal } = await this.psdi.verifyDelta(request, { tenant, signal, deadlineMs: limits.deepCheckTimeoutMs });
      return valid ? { result: 'agrees' } : refused(refusal);
    } catch (error) {
      if (isDomainError(error)) return failed(error);
      throw error;
    }
  }
}

/** A signer that is not known here makes no proof false. */
function refused(refusal: string): DeltaCheck {
  const reason = /^[A-Z][A-Z0-9_]{0,99}$/.test(refusal) ? refusal : 'PROOF_REFUSED';
  return /SIGNATURE|SIGNER|_KEY/.test(reason) ? { result: 'cannot', reason, again: 'later' } : { result: 'disagrees', reason };
}

function failed({ kind, reason }: DomainError): DeltaCheck {
  if (kind === 'not-found') return { result: 'cannot', reason, again: 'later' };
  return { result: 'cannot', reason, ...(OURS.has(kind) ? { again: 'soon' as const } : {}) };
}
