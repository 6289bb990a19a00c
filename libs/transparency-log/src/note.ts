import { decodeBase64, encodeBase64, type Signer, verifySignature } from '@stella/attestation';
import { DomainError } from '@stella/errors';
import { isKeyName, type NoteKey } from './note-key.js';

export const NOTE_SIZE_BYTES_MAX = 1_000_000;
export const NOTE_SIGNATURE_COUNT_MAX = 100;

export interface NoteSignature {
  readonly name: string;
  readonly keyId: number;
  /** What follows the key id; for cosignatures the time stamp and then the signature. */
  readonly signature: Uint8Array;
}

/** A C2SP signed note. The text ends in a newline and must be ignored until a known key verified it. */
export interface Note {
  readonly text: string;
  readonly signatures: readonly NoteSignature[];
}

export interface NoteSigner {
  readonly key: NoteKey;
  readonly signer: Signer;
}

export interface VerifiedSignature {
  readonly key: NoteKey;
  /** Only of cosignatures: POSIX time, seconds. */
  readonly timestampSeconds: number | undefined;
}

const CONTROL = /[\u0000-\u0009\u000b-\u001f]/;
const SIGNATURE_LINE = /^— (\S+) ([A-Za-z0-9+/=]+)$/;

/** @throws DomainError `TLOG_NOTE_MALFORMED` */
export function parseNote(bytes: Uint8Array): Note {
  if (bytes.length > NOTE_SIZE_BYTES_MAX) return malformed('too large');
  const all = decodeUtf8(bytes);
  if (CONTROL.test(all)) return malformed('control character');
  const split = all.lastIndexOf('\n\n');
  if (split < 0 || !all.endsWith('\n')) return malformed('no signatures');
  const signatures = parseSignatureLines(all.slice(split + 2));
  if (signatures.length === 0) return malformed('no signatures');
  return { text: all.slice(0, split + 1), signatures };
}

/** Signature lines alone, as a witness answers. @throws DomainError `TLOG_NOTE_MALFORMED` */
export function parseSignatureLines(text: string): NoteSignature[] {
  const lines = text.split('\n');
  if (lines.pop() !== '') return malformed('last line not ended');
  if (lines.length > NOTE_SIGNATURE_COUNT_MAX) return malformed('too many signatures');
  return lines.map((line) => {
    const [, name = '', encoded = ''] = SIGNATURE_LINE.exec(line) ?? [];
    const bytes = decodeBase64(encoded);
    if (!isKeyName(name) || bytes === undefined || bytes.length < 5) return malformed('signature line');
    return { name, keyId: Buffer.from(bytes).readUInt32BE(), signature: bytes.subarray(4) };
  });
}

export function encodeNote(note: Note): Uint8Array {
  return Buffer.from(`${note.text}\n${formatSignatureLines(note.signatures)}`);
}

export function formatSignatureLines(signatures: readonly NoteSignature[]): string {
  return signatures
    .map(({ name, keyId, signature }) => {
      const id = Buffer.alloc(4);
      id.writeUInt32BE(keyId);
      return `— ${name} ${encodeBase64(Buffer.concat([id, signature]))}\n`;
    })
    .join('');
}

/** Adds signatures, each once. */
export function withSignatures(note: Note, added: readonly NoteSignature[]): Note {
  const lines = new Map([...note.signatures, ...added].map((one) => [formatSignatureLines([one]), one]));
  return { text: note.text, signatures: [...lines.values()] };
}

/** @param timestampSeconds POSIX time; needed exactly when the key is a cosigner's */
export async function signNote(text: string, by: NoteSigner, timestampSeconds?: number): Promise<NoteSignature> {
  const { name, keyId } = by.key;
  if (by.key.type === 'ed25519') return { name, keyId, signature: await by.signer.sign(Buffer.from(text)) };
  if (timestampSeconds === undefined) return malformed('cosignature without time');
  const time = Buffer.alloc(8);
  time.writeBigUInt64BE(BigInt(timestampSeconds));
  const signature = await by.signer.sign(cosignedMessage(text, BigInt(timestampSeconds)));
  return { name, keyId, signature: Buffer.concat([time, signature]) };
}

/**
 * Verifies a note against the known keys. Signatures of other keys are ignored; one whose name and key id are those
 * of a known key must verify. Each key is reported once, with its latest time stamp.
 * @throws DomainError `TLOG_NOTE_UNVERIFIED` if a known key's signature is wrong, or no known key signed
 */
export function verifyNote(note: Note, known: readonly NoteKey[]): VerifiedSignature[] {
  const verified = new Map<NoteKey, VerifiedSignature>();
  for (const signature of note.signatures) {
    const candidates = known.filter(({ name, keyId }) => name === signature.name && keyId === signature.keyId);
    if (candidates.length === 0) continue;
    const results = candidates.map((key) => check(note.text, signature.signature, key));
    const found = results.find((result) => result !== undefined);
    if (found === undefined) {
      throw new DomainError('TLOG_NOTE_UNVERIFIED', { problem: 'wrong signature of a known key', name: signature.name });
    }
    const before = verified.get(found.key)?.timestampSeconds ?? -1;
    if ((found.timestampSeconds ?? 0) > before) verified.set(found.key, found);
  }
  if (verified.size === 0) throw new DomainError('TLOG_NOTE_UNVERIFIED', { problem: 'no signature of a known key' });
  return [...verified.values()];
}

function check(text: string, signature: Uint8Array, key: NoteKey): VerifiedSignature | undefined {
  if (key.type === 'ed25519') {
    return verifySignature(key.publicKey, Buffer.from(text), signature) ? { key, timestampSeconds: undefined } : undefined;
  }
  if (signature.length !== 72) return undefined;
  const time = Buffer.from(signature.subarray(0, 8)).readBigUInt64BE();
  if (time > BigInt(Number.MAX_SAFE_INTEGER)) return undefined;
  const good = verifySignature(key.publicKey, cosignedMessage(text, time), signature.subarray(8));
  return good ? { key, timestampSeconds: Number(time) } : undefined;
}

/** C2SP tlog-cosignature, Ed25519 signed message. */
function cosignedMessage(text: string, timestampSeconds: bigint): Uint8Array {
  return Buffer.from(`cosignature/v1\ntime ${timestampSeconds}\n${text}`);
}

function decodeUtf8(bytes: Uint8Array): string {
  try {
    return new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(bytes);
  } catch {
    return malformed('not UTF-8');
  }
}

function malformed(problem: string): never {
  throw new DomainError('TLOG_NOTE_MALFORMED', { problem });
}
