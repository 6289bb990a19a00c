import type { Command } from 'commander';
import { paginate } from '@stella/client';
import { CrossVerificationResult, Entry, Node, Peering, PeeringState, PullPeerResponse } from '@stella/contracts/stella/fbpe/v1alpha/fbpe';
import { DomainError } from '@stella/errors';
import { collect } from '../collect.js';
import { integer, onRun, subcommand } from '../command.js';
import { EXIT, type ExitCode } from '../exit-code.js';
import type { CliIo } from '../io/cli-io.js';
import { readInput, writeOutput } from '../io/files.js';
import { limits } from '../limits.js';
import { proofState } from '../node/entry-proof.js';
import { nodeCard, parseNodeCard, peeringRequest } from '../node/node-card.js';
import { digestOfSubject } from '../releases/register-artifact.js';
import { facts, table } from '../render/table.js';
import { enumWord } from '../render/witness.js';
import type { Session } from '../session.js';

interface LogOptions {
  readonly last: number;
  readonly index?: number;
}

export function addNode(program: Command, io: CliIo): void {
  const group = program.command('node').description('The node of the federation: its log, its peers, what they know');
  onRun(subcommand(group, 'status', 'Who this node is, and its latest checkpoint', 'stella node status'), io, async (session) => {
    const node = await ownNode(session);
    session.output.answer({ node: Node.toJSON(node) }, () => `${facts([...nodeLines(node), ['log key', node.logKey], ['cosigner key', node.cosignerKey]])}\n\n${Buffer.from(node.checkpoint).toString('utf8').trimEnd()}`);
  });

  const card = subcommand(group, 'card', 'Write what the operator of another node needs to peer with this one', 'stella node card --out acme.card.json').requiredOption('--out <file>', 'the card; hand it over by a way that you both trust');
  onRun<{ readonly out: string }>(card, io, async (session, _, { out }) => {
    const content = nodeCard(await ownNode(session), await session.connection());
    const path = await writeOutput(io, out, Buffer.from(`${JSON.stringify(content, undefined, 2)}\n`));
    session.output.answer({ path, card: content }, () => path);
  });

  const peer = subcommand(group, 'peer <card>', 'Agree with another node; its operator has to do the same', 'stella node peer northwind.card.json').option('--same-operator', 'the other node is ours too: it counts for nobody as a partner');
  onRun<{ readonly sameOperator?: boolean }>(peer, io, async (session, [path = ''], { sameOperator }) => {
    const { fbpe } = await session.client();
    const other = parseNodeCard(await readInput(io, path, limits.connectionBytesMax));
    const { peering } = await fbpe.createPeering(peeringRequest(other, sameOperator ?? false), session.call);
    if (!peering) return incomplete('CreatePeering');
    session.output.answer({ peering: Peering.toJSON(peering) }, () => facts([['peering', peering.name], ['with', peering.organisation], ['log', peering.origin]]));
  });

  onRun(subcommand(group, 'peers', 'Nodes that this one has agreed with; 1 when one is frozen', 'stella node peers'), io, peers);

  onRun(subcommand(group, 'pull <peering>', 'Follow a peer\'s log now: 1 when what it says was found wrong', 'stella node pull peerings/0b6e…'), io, async (session, [name = '']) => {
    const { fbpe } = await session.client();
    session.output.progress('following');
    const answer = await fbpe.pullPeer({ peering: name.startsWith('peerings/') ? name : `peerings/${name}` }, session.call);
    const { verifiedSize, entriesNew, agrees, disagrees, cannot, cosigned } = answer;
    session.output.answer(PullPeerResponse.toJSON(answer), () =>
      facts([['verified up to', String(verifiedSize)], ['new entries', String(entriesNew)], ['agrees', String(agrees)], ['disagrees', String(disagrees)], ['could not check', String(cannot)], ['cosigned', cosigned ? 'yes' : 'no']]),
    );
    return disagrees > 0 ? EXIT.no : EXIT.ok;
  });

  const log = subcommand(group, 'log', 'Entries of the log, each with its offline proof checked; 1 when one does not hold', 'stella node log --last 20')
    .option('--last <n>', 'how many', integer(1, 1_000), 10)
    .option('--index <n>', 'only this one', integer(0, Number.MAX_SAFE_INTEGER));
  onRun<LogOptions>(log, io, showLog);

  onRun(subcommand(group, 'query <subject>', 'What is known about a program, here and at peers: 1 nothing', 'stella node query esbuild@0.18.12'), io, async (session, [subject = '']) => {
    const subjectSha256 = await digestOfSubject(session, subject);
    const { fbpe } = await session.client();
    const { items } = await collect(paginate(fbpe.queryProvenance, { subjectSha256 }, (page) => page.entries, session.call));
    session.output.answer({ subjectSha256, entries: items.map((entry) => Entry.toJSON(entry)) }, () =>
      items.length === 0 ? `nothing is known about ${subjectSha256}` : table(['log', '#', 'kind', 'partners', 'cross-verified', 'payload'], items.map((entry) => [entry.origin, String(entry.index), kindOf(entry), String(entry.agreeingPartners), crossWords(entry), entry.payloadSha256])),
    );
    return items.length === 0 ? EXIT.no : EXIT.ok;
  }, { isNoAnAnswer: true });
}

async function ownNode(session: Session): Promise<Node> {
  const { fbpe } = await session.client();
  return (await fbpe.getNode({}, session.call)).node ?? incomplete('GetNode');
}

function nodeLines({ organisation, origin, size, development }: Node): (readonly [string, string])[] {
  return [['organisation', organisation], ['log', origin], ['entries', String(size)], ['keys', development ? 'of a development installation' : 'of production']];
}

async function peers(session: Session): Promise<ExitCode> {
  const { fbpe } = await session.client();
  const { items } = await collect(paginate(fbpe.listPeerings, {}, (page) => page.peerings, session.call));
  session.output.answer({ peerings: items.map((peering) => Peering.toJSON(peering)) }, () =>
    table(
      ['organisation', 'state', 'verified', 'last pull', 'operator', 'name', 'why frozen'],
      items.map(({ organisation, state, verifiedSize, lastPullTime, sameOperator, name, frozenReason }) => [organisation, enumWord(PeeringState, state, 'PEERING_STATE_'), String(verifiedSize), lastPullTime?.toISOString() ?? 'never', sameOperator ? 'the same' : 'another', name, frozenReason]),
    ),
  );
  return items.some(({ state }) => state === PeeringState.PEERING_STATE_FROZEN) ? EXIT.no : EXIT.ok;
}

async function showLog(session: Session, _: readonly string[], { last, index }: LogOptions): Promise<ExitCode> {
  const { fbpe } = await session.client();
  const node = await ownNode(session);
  const end = index === undefined ? Number(node.size) : index + 1;
  const start = index ?? Math.max(0, end - last);
  const shown: { entry: Entry; proof: ReturnType<typeof proofState> }[] = [];
  for (let at = start; at < end; at++) {
    session.output.progress(`entry ${at}`);
    const { entry } = await fbpe.getEntry({ key: { $case: 'index', value: BigInt(at) } }, session.call);
    if (!entry) return incomplete('GetEntry');
    const proof = proofState(entry, node);
    // A sound proof of another entry proves nothing of this one.
    shown.push({ entry, proof: proof.holds && proof.index !== at ? { holds: false, problem: `the proof is of entry ${proof.index}` } : proof });
  }
  session.output.answer({ origin: node.origin, size: String(node.size), entries: shown.map(({ entry, proof }) => ({ ...(Entry.toJSON(entry) as object), proofState: proof })) }, () =>
    table(['#', 'logged', 'kind', 'proof', 'payload'], shown.map(({ entry, proof }) => [String(entry.index), entry.logTime?.toISOString() ?? '', kindOf(entry), proof.holds ? 'holds' : proof.problem, entry.payloadSha256])),
  );
  return shown.every(({ proof }) => proof.holds) ? EXIT.ok : EXIT.no;
}

/** `https://stella-ops.org/attestation/delta-proof/v1` → `delta-proof` */
function kindOf({ predicateType }: Entry): string {
  return /\/attestation\/(?<kind>[a-z-]+)\/v\d+$/.exec(predicateType)?.groups?.['kind'] ?? predicateType;
}

function crossWords({ crossVerifications }: Entry): string {
  return crossVerifications.map(({ organisation, result, method, sameOperator }) => `${organisation}${sameOperator ? ' (same operator)' : ''} ${enumWord(CrossVerificationResult, result, 'CROSS_VERIFICATION_RESULT_')} by ${method}`).join('; ');
}

function incomplete(call: string): never {
  throw new DomainError('ANSWER_INCOMPLETE', { call });
}
