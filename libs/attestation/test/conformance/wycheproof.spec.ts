import { readFileSync } from 'node:fs';
import { publicKeyFromSpki, verifySignature } from '../../src/index.js';
import { describeConformance } from '@stella/testing';

interface Suite {
  readonly numberOfTests: number;
  readonly testGroups: readonly {
    readonly publicKeyDer: string;
    readonly tests: readonly { tcId: number; comment: string; msg: string; sig: string; result: 'valid' | 'invalid' }[];
  }[];
}

describeConformance('wycheproof', (path) => {
  test.each([
    ['ed25519_test.json', 151, 88],
    ['ecdsa_secp256r1_sha256_test.json', 484, 174],
  ])('%s: all %d vectors, %d of them valid', (file, total, valid) => {
    const suite = JSON.parse(readFileSync(`${path}/testvectors_v1/${file}`, 'utf8')) as Suite;
    const wrong: string[] = [];
    const counted = { total: 0, valid: 0 };
    for (const group of suite.testGroups) {
      const key = publicKeyFromSpki(Buffer.from(group.publicKeyDer, 'hex'));
      for (const { tcId, comment, msg, sig, result } of group.tests) {
        counted.total += 1;
        const verified = verifySignature(key, Buffer.from(msg, 'hex'), Buffer.from(sig, 'hex'));
        if (verified) counted.valid += 1;
        if (verified !== (result === 'valid')) wrong.push(`${tcId} ${comment}`);
      }
    }
    expect(wrong).toEqual([]);
    expect(counted).toEqual({ total, valid });
    expect(suite.numberOfTests).toBe(total);
  });
});
