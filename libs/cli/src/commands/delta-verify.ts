import type { Command } from 'commander';
import { checkDeltaProof, type ProofAnswer } from '@stella/binary-delta/proof';
import { DomainError } from '@stella/errors';
import { digestIn, groupOf, many, onRun, subcommand } from '../command.js';
import { EXIT, type ExitCode } from '../exit-code.js';
import type { CliIo } from '../io/cli-io.js';
import { fileAt, readInput } from '../io/files.js';
import { sha256OfPath } from '../io/sha256-of-path.js';
import { limits } from '../limits.js';
import { facts } from '../render/table.js';
import type { Session } from '../session.js';

interface VerifyOptions {
  readonly deep?: boolean;
  readonly trust?: string;
  readonly revocations?: string;
  readonly rootKey?: readonly string[];
  readonly baseline?: string;
  readonly candidate?: string;
}

const EXAMPLE = `stella delta verify esbuild.delta.json --deep
stella delta verify esbuild.delta.json --trust trust-root.json --revocations revocations.json --candidate ./esbuild`;

/** `stella delta verify`: by the installation, or here and now with `--trust`: no network, no service. */
export function addDeltaVerify(program: Command, io: CliIo): void {
  const group = groupOf(program, 'delta', 'What a build changed in meaning');
  const command = subcommand(group, 'verify <proof>', 'Check a delta proof: 0 it holds, 1 it does not, 4 could not check', EXAMPLE)
    .option('--deep', 'have both artifacts lifted again')
    .option('--trust <file>', 'check offline, by this trust root')
    .option('--revocations <file>', 'the signed revocation list; without it nothing can be checked to the end offline')
    .option('--root-key <pem file>', 'public key that must have signed a production root; may be repeated', many)
    .option('--baseline <digest or file>', 'offline: what the proof has to start from')
    .option('--candidate <digest or file>', 'offline: what the proof has to be about');
  onRun<VerifyOptions>(command, io, async (session, [path = ''], options) => {
    const envelope = await readInput(io, path, limits.documentBytesMax);
    if (options.trust === undefined) return askService(session, envelope, options);
    if (options.deep) throw new DomainError('USAGE_INVALID', { option: '--deep', wanted: 'without --trust: artifacts are lifted by the installation' });
    return checkHere(session, envelope, options.trust, options);
  });
}

async function askService(session: Session, envelope: Buffer, { deep }: VerifyOptions): Promise<ExitCode> {
  const { VerifyDeltaResponse, VerifyMode } = await import('@stella/contracts/stella/psdi/v1alpha/psdi');
  const { psdi } = await session.client();
  const mode = deep ? VerifyMode.VERIFY_MODE_DEEP : VerifyMode.VERIFY_MODE_FAST;
  const answer = await psdi.verifyDelta({ envelope, mode }, session.call);
  const { valid, refusal, detail, provenance, durationUs } = answer;
  session.output.answer({ valid, ...(VerifyDeltaResponse.toJSON(answer) as object) }, () =>
    facts([['proof', valid ? 'holds' : 'does NOT hold'], ['refusal', refusal], ['detail', detail], ['provenance', provenance], ['took', `${durationUs} µs`]]),
  );
  return valid ? EXIT.ok : EXIT.no;
}

async function checkHere(session: Session, envelope: Buffer, trust: string, { revocations, rootKey = [], baseline, candidate }: VerifyOptions): Promise<ExitCode> {
  const { io } = session;
  const document = (path: string): Promise<Buffer> => readInput(io, path, limits.documentBytesMax);
  const answer = checkDeltaProof({
    envelope,
    trustRoot: await document(trust),
    pinnedKeysPem: await Promise.all(rootKey.map(async (path) => (await readInput(io, path, limits.keyBytesMax)).toString('utf8'))),
    revocationList: revocations === undefined ? undefined : await document(revocations),
    baselineSha256: baseline === undefined ? undefined : await digestOf(io, baseline, '--baseline'),
    candidateSha256: candidate === undefined ? undefined : await digestOf(io, candidate, '--candidate'),
    now: io.now(),
  });
  session.output.answer(jsonOf(answer), () => facts(rowsOf(answer)));
  return { holds: EXIT.ok, refused: EXIT.no, 'could-not-check': EXIT.couldNotCheck }[answer.answer];
}

async function digestOf(io: CliIo, text: string, option: string): Promise<string> {
  const digest = digestIn(text);
  if (digest !== undefined) return digest;
  const file = await fileAt(io, text);
  if (file === undefined) throw new DomainError('USAGE_INVALID', { option, wanted: 'a SHA-256 digest, or the path of a file' });
  return sha256OfPath(file.path);
}

function jsonOf(answer: ProofAnswer): object {
  if (answer.answer !== 'holds') return { valid: false, ...answer };
  const { signer, ...rest } = answer;
  return { valid: true, ...rest, provenance: 'attested', signer: { name: signer.name, organisation: signer.organisation, fingerprint: signer.publicKey.fingerprint } };
}

function rowsOf(answer: ProofAnswer): (readonly [string, string])[] {
  if (answer.answer === 'could-not-check') return [['proof', 'could not be checked'], ['reason', answer.reason], ...Object.entries(answer.facts)];
  if (answer.answer === 'refused') return [['proof', 'does NOT hold'], ['refusal', answer.refusal], ...Object.entries(answer.facts)];
  const { signer, counts, identicalUnits } = answer;
  const changed = Object.entries(counts).filter(([, count]) => count > 0).map(([change, count]) => `${count} ${change}`);
  return [
    ['proof', 'holds'],
    ['baseline', answer.baselineSha256],
    ['candidate', answer.candidateSha256],
    ['units', [`${identicalUnits} identical`, ...changed].join(', ')],
    ['provenance', 'attested'],
    ['signer', `${signer.name} of ${signer.organisation}  ${signer.publicKey.fingerprint}`],
  ];
}
