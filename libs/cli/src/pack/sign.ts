import { KeyPair, parseEnvelope, parseStatement, PREDICATE_TYPES, type PublicKey, publicKeyFromPem, signStatement } from '@stella/attestation';
import { DomainError } from '@stella/errors';
import type { CliIo } from '../io/cli-io.js';
import { readInput } from '../io/files.js';
import { limits } from '../limits.js';
import { checkSchema, type PackManifest } from './manifest.js';

/** DSSE over an in-toto Statement whose subjects are the pack's files. */
export function signManifest(manifest: PackManifest, key: KeyPair): Promise<Uint8Array> {
  const subjects = manifest.files.map(({ path, sha256 }) => ({ name: path, sha256 }));
  return signStatement({ subjects, predicateType: PREDICATE_TYPES.packManifest, predicate: manifest }, key);
}

/** What an envelope says, its signature not looked at. @throws DomainError ENVELOPE_MALFORMED, STATEMENT_INVALID, PREDICATE_TYPE_MISMATCH, SCHEMA_INVALID */
export function manifestIn(envelope: Uint8Array): PackManifest {
  const { predicateType, predicate } = parseStatement(parseEnvelope(envelope).payload);
  if (predicateType !== PREDICATE_TYPES.packManifest) throw new DomainError('PREDICATE_TYPE_MISMATCH', { expected: PREDICATE_TYPES.packManifest, actual: predicateType });
  const manifest: unknown = structuredClone(predicate);
  checkSchema(manifest);
  return manifest;
}

export async function readKeyPair(io: Pick<CliIo, 'cwd'>, path: string): Promise<KeyPair> {
  return KeyPair.fromPem((await readInput(io, path, limits.keyBytesMax)).toString('utf8'));
}

export async function readPublicKey(io: Pick<CliIo, 'cwd'>, path: string): Promise<PublicKey> {
  return publicKeyFromPem((await readInput(io, path, limits.keyBytesMax)).toString('utf8'));
}
