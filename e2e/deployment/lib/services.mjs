import { existsSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

export const CHECKOUT = dirname(dirname(dirname(dirname(fileURLToPath(import.meta.url)))));

/** In the order of a start: who is called comes before who calls. */
export const SERVICES = ['psdi', 'marketplace', 'replay-worker', 'csfg', 'frvf', 'fbpe', 'gate'];

/** Whom each calls. */
export const PEERS = { psdi: [], marketplace: [], 'replay-worker': [], csfg: ['marketplace'], frvf: ['psdi', 'replay-worker'], fbpe: ['psdi'], gate: ['psdi', 'frvf', 'fbpe'] };

/** What of its keys each reads: variable and file. */
export const KEYS = {
  psdi: { STELLA_EVIDENCE_KEY_FILE: 'evidence-key.pem' },
  frvf: { STELLA_EVIDENCE_KEY_FILE: 'evidence-key.pem' },
  fbpe: { STELLA_EVIDENCE_KEY_FILE: 'evidence-key.pem', STELLA_LOG_KEY_FILE: 'log-key.pem', STELLA_COSIGNER_KEY_FILE: 'cosigner-key.pem' },
  gate: { STELLA_VERDICT_KEY_FILE: 'verdict-key.pem', STELLA_POLICY_KEY_FILE: 'policy-key.pem', STELLA_REVOCATION_KEY_FILE: 'revocation-key.pem' },
};

/** The program of a service, as it is built. @param {string} service */
export function mainOf(service) {
  const path = join(CHECKOUT, 'services', service, 'dist', 'main.js');
  if (!existsSync(path)) throw new Error(`${path} is not there: build first (npm run setup)`);
  return path;
}
