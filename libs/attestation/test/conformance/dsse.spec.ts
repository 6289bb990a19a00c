import { constants, createPublicKey, verify } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { decodeBase64, pae, parseEnvelope, publicKeyFromSpki, verifyEnvelope } from '../../src/index.js';
import { describeConformance, reasonOf } from '@stella/testing';

describeConformance('dsse', (path) => {
  const vector = JSON.parse(readFileSync(`${path}/dsse-protocol-vector.json`, 'utf8')) as {
    payloadUtf8: string;
    payloadType: string;
    pae: string;
    publicKeyX: string;
    publicKeyY: string;
    envelope: { payload: string; payloadType: string; signatures: [{ sig: string }] };
  };
  const coordinate = (decimal: string) => BigInt(decimal).toString(16).padStart(64, '0');
  const spki = Buffer.from(
    `3059301306072a8648ce3d020106082a8648ce3d03010703420004${coordinate(vector.publicKeyX)}${coordinate(vector.publicKeyY)}`,
    'hex',
  );
  const key = publicKeyFromSpki(spki);

  test('the PAE of the protocol document', () => {
    expect(Buffer.from(pae(vector.payloadType, Buffer.from(vector.payloadUtf8))).toString()).toBe(vector.pae);
  });

  test('its signature verifies once it is DER; as raw r||s it is refused', () => {
    const raw = Buffer.from(vector.envelope.signatures[0].sig, 'base64');
    expect(reasonOf(() => verifyEnvelope(Buffer.from(JSON.stringify(vector.envelope)), [key], vector))).toBe('SIGNATURE_UNVERIFIED');
    const envelope = { ...vector.envelope, signatures: [{ sig: der(raw).toString('base64') }] };
    const verified = verifyEnvelope(Buffer.from(JSON.stringify(envelope)), [key], vector);
    expect(Buffer.from(verified.payload).toString()).toBe(vector.payloadUtf8);
  });
});

function der(raw: Buffer): Buffer {
  const integer = (value: Buffer) => {
    const body = value[0]! >= 0x80 ? Buffer.concat([Buffer.of(0), value]) : value;
    return Buffer.concat([Buffer.of(2, body.length), body]);
  };
  const body = Buffer.concat([integer(raw.subarray(0, 32)), integer(raw.subarray(32))]);
  return Buffer.concat([Buffer.of(0x30, body.length), body]);
}

describeConformance('in-toto-demo', (path) => {
  const signers = { 'package.2f89b927.link': 'carl', 'write-code.776a00e2.link': 'bob' };

  test('both signed links verify over our PAE with the RSA-PSS keys of the demo', () => {
    let verified = 0;
    for (const [file, name] of Object.entries(signers)) {
      const text = readFileSync(`${path}/tests/demo_dsse_files/${file}`, 'utf8');
      const envelope = JSON.parse(text) as { payload: string; payloadType: string; signatures: [{ sig: string }] };
      const message = pae(envelope.payloadType, decodeBase64(envelope.payload) ?? Buffer.alloc(0));
      const key = createPublicKey(readFileSync(`${path}/tests/demo_files/${name}.pub`));
      const signature = Buffer.from(envelope.signatures[0].sig, 'base64');
      const options = { key, padding: constants.RSA_PKCS1_PSS_PADDING, saltLength: constants.RSA_PSS_SALTLEN_AUTO };
      if (verify('sha256', message, options, signature)) verified += 1;
    }
    expect(verified).toBe(2);
  });

  test('as envelopes they are refused: indented, with a keyid, and of an algorithm that is not accepted', () => {
    for (const file of Object.keys(signers)) {
      const bytes = readFileSync(`${path}/tests/demo_dsse_files/${file}`);
      expect(reasonOf(() => parseEnvelope(bytes))).toBe('JSON_NOT_CANONICAL');
      const compact = Buffer.from(JSON.stringify(JSON.parse(bytes.toString())));
      expect(reasonOf(() => parseEnvelope(compact))).toBe('ENVELOPE_MALFORMED');
      expect(reasonOf(() => publicKeyFromSpki(createPublicKey(readFileSync(`${path}/tests/demo_files/bob.pub`)).export({ format: 'der', type: 'spki' })))).toBe('KEY_MALFORMED');
    }
  });
});
