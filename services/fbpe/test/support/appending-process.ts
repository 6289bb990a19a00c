// A node that appends without end and prints what was acknowledged, until it is killed.
import { randomUUID } from 'node:crypto';
import { KeyPair, PREDICATE_TYPES, sha256Hex, signStatement } from '@stella/attestation';
import { FederationServiceService } from '@stella/contracts/stella/fbpe/v1alpha/fbpe';
import { startTestRuntime } from '@stella/platform-runtime/testing';
import type { TestDatabase } from '@stella/platform-database/testing';
import { fbpeService } from '../../src/index.js';

const [argument = '{}'] = process.argv.slice(2);
const { administrator, pems, organisation, signedHead, round } = JSON.parse(argument) as { administrator: object; pems: Record<'log' | 'cosigner' | 'evidence', string>; organisation: string; signedHead: string; round: number };
const [logSigner, cosigner, evidenceSigner] = [pems.log, pems.cosigner, pems.evidence].map((pem) => KeyPair.fromPem(pem)) as [KeyPair, KeyPair, KeyPair];
const service = fbpeService({ logSigner, cosigner, evidenceSigner, organisation, origin: `${organisation}/stella/log`, development: true, pullIntervalMs: 0, signedHead });
const runtime = await startTestRuntime([service], { database: { administrator } as TestDatabase });
process.stdout.write(`http ${runtime.runtime.httpAddress}\n`);
const federation = runtime.client(FederationServiceService, { tenant: organisation });
setTimeout(() => process.exit(3), 30_000);

async function appendForEver(worker: number): Promise<void> {
  for (let n = 0; ; n++) {
    const subjects = [{ name: 'x', sha256: sha256Hex(Buffer.from(`${round} ${worker} ${n}`)) }];
    const envelope = await signStatement({ subjects, predicateType: PREDICATE_TYPES.deltaProof, predicate: { round, worker, n } }, evidenceSigner);
    const { entry } = await federation.appendEntry({ requestId: randomUUID(), envelope: Buffer.from(envelope) });
    process.stdout.write(`entry ${entry?.payloadSha256} ${entry?.index}\n`);
  }
}
await Promise.all([0, 1, 2, 3].map(appendForEver));
