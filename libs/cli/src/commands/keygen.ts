import type { Command } from 'commander';
import { KeyPair, publicKeyToPem } from '@stella/attestation';
import { Option } from 'commander';
import { onRun, subcommand } from '../command.js';
import type { CliIo } from '../io/cli-io.js';
import { writeOutput } from '../io/files.js';
import { facts } from '../render/table.js';

interface KeygenOptions {
  readonly out: string;
  readonly algorithm: 'ed25519' | 'ecdsa-p256-sha256';
}

/** `stella keygen`: a key pair that signs packs. It replaces no file. */
export function addKeygen(program: Command, io: CliIo): void {
  const command = subcommand(program, 'keygen', 'Make a key pair for signing packs', 'stella keygen --out publisher.pem')
    .requiredOption('--out <file>', 'the private key (PKCS #8 PEM, unencrypted); the public one gets .pub after its name')
    .addOption(new Option('--algorithm <name>').choices(['ed25519', 'ecdsa-p256-sha256']).default('ed25519'));
  onRun<KeygenOptions>(command, io, async (session, _, { out, algorithm }) => {
    const pair = KeyPair.generate(algorithm);
    const privateKey = await writeOutput(io, out, Buffer.from(pair.toPem()), { mode: 0o600, isNew: true });
    const publicKey = await writeOutput(io, `${out}.pub`, Buffer.from(publicKeyToPem(pair.publicKey)), { isNew: true });
    session.output.answer({ privateKey, publicKey, algorithm, fingerprint: pair.keyId }, () =>
      facts([['private key', privateKey], ['public key', publicKey], ['fingerprint', pair.keyId]]),
    );
  });
}
