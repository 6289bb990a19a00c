import { type Command, Option } from 'commander';
import { sha256Hex } from '@stella/attestation';
import { DomainError } from '@stella/errors';
import { onRun, subcommand } from '../command.js';
import { EXIT } from '../exit-code.js';
import type { CliIo } from '../io/cli-io.js';
import { writeOutput } from '../io/files.js';
import { lintPack } from '../pack/lint.js';
import { buildManifest, loadManifest, type ManifestFields } from '../pack/manifest.js';
import { readKeyPair, signManifest } from '../pack/sign.js';
import { facts, table } from '../render/table.js';

type InitOptions = Pick<ManifestFields, 'kind' | 'licence' | 'visibility'> & {
  readonly name: string;
  readonly packVersion: string;
  readonly repository?: string;
  readonly revision?: string;
  readonly entryPoint?: string;
  readonly out: string;
};

export function addPackAuthoring(group: Command, io: CliIo): void {
  const init = subcommand(group, 'init <files...>', 'Write a manifest of files, with identifiers as read from the files', 'stella pack init checkout checkout.debug --name acme/checkout --pack-version 1.4.2 --licence Apache-2.0')
    .requiredOption('--name <publisher/name>', 'the pack\'s name; the publisher is its namespace')
    .requiredOption('--pack-version <semver>', 'the pack\'s version')
    .requiredOption('--licence <expression>', 'SPDX licence expression')
    .addOption(new Option('--kind <kind>').choices(['symbols', 'harness']).default('symbols'))
    .option('--visibility <who>', 'public or tenant', 'public')
    .option('--repository <url>', 'where the sources are')
    .option('--revision <id>', 'of the sources')
    .option('--entry-point <path>', 'what a harness runs')
    .option('--out <file>', 'the manifest', 'manifest.json');
  onRun<InitOptions>(init, io, async (session, paths, options) => {
    const manifest = await buildManifest(io, options.out, paths, fieldsOf(options));
    const path = await writeOutput(io, options.out, Buffer.from(`${JSON.stringify(manifest, undefined, 2)}\n`));
    session.output.answer({ path, manifest }, () =>
      [facts([['manifest', path], ['pack', `${manifest.name} ${manifest.version}`], ['toolchain', `${manifest.toolchain.name} ${manifest.toolchain.version}`], ['target', manifest.target.arch]]), table(['format', 'file', 'identifiers'], manifest.files.map(({ format, path: file, identifiers }) => [format, file, identifiers.map(({ value }) => value).join(' ')]))].join('\n\n'),
    );
  });

  onRun(subcommand(group, 'lint <manifest>', 'Hold a manifest against its files: 0 they agree, 1 they do not', 'stella pack lint manifest.json'), io, async (session, [path = '']) => {
    const findings = await lintPack(await loadManifest(io, path), io.signal);
    session.output.answer({ findings }, () => (findings.length === 0 ? 'manifest and files agree' : table(['reason', 'file', 'detail'], findings.map(({ reason, path: file, detail }) => [reason, file, detail]))));
    return findings.length === 0 ? EXIT.ok : EXIT.no;
  });

  const sign = subcommand(group, 'sign <manifest>', 'Sign a manifest that agrees with its files', 'stella pack sign manifest.json --key publisher.pem')
    .requiredOption('--key <pem file>', 'the private key, as `stella keygen` makes it')
    .option('--out <file>', 'the DSSE envelope', 'manifest.dsse.json');
  onRun<{ readonly key: string; readonly out: string }>(sign, io, async (session, [path = ''], { key, out }) => {
    const loaded = await loadManifest(io, path);
    const [finding] = await lintPack(loaded, io.signal);
    if (finding) throw new DomainError('PACK_DIGEST_MISMATCH', { path: finding.path, problem: finding.reason, detail: finding.detail });
    const pair = await readKeyPair(io, key);
    const envelope = await signManifest(loaded.manifest, pair);
    const written = await writeOutput(io, out, envelope);
    const sha256 = sha256Hex(envelope);
    session.output.answer({ envelope: written, sha256, key: pair.keyId }, () => facts([['envelope', written], ['SHA-256', sha256], ['signed by key', pair.keyId]]));
  });
}

function fieldsOf({ name, packVersion, kind, licence, visibility, repository, revision, entryPoint }: InitOptions): ManifestFields {
  if ((repository === undefined) !== (revision === undefined)) throw new DomainError('USAGE_INVALID', { wanted: '--repository and --revision together' });
  const source = repository !== undefined && revision !== undefined ? { repository, revision } : undefined;
  return { name, version: packVersion, kind, licence, visibility, ...(source && { source }), ...(entryPoint !== undefined && { entryPoint }) };
}
