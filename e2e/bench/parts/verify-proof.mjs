// Verifies one delta proof and ends: what a check costs that has no service running.
// argv: a JSON file { proof, keyPem, old, new } with the proof's envelope in base64 and the two index references.
import { readFileSync } from 'node:fs';
import { publicKeyFromPem } from '@stella/attestation';
import { verifyProof } from '../lib/verify-proof.mjs';

const { proof, keyPem, ...indexes } = JSON.parse(readFileSync(process.argv[2], 'utf8'));
verifyProof(Buffer.from(proof, 'base64'), publicKeyFromPem(keyPem), indexes);
