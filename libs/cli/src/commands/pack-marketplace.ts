import { dirname, resolve } from 'node:path';
import type { Command } from 'commander';
import { paginate } from '@stella/client';
import { FindingState, Pack, PackState } from '@stella/contracts/stella/marketplace/v1alpha/marketplace';
import { collect } from '../collect.js';
import { integer, onRun, subcommand } from '../command.js';
import { EXIT, type ExitCode } from '../exit-code.js';
import type { CliIo } from '../io/cli-io.js';
import { readInput } from '../io/files.js';
import { limits } from '../limits.js';
import { publishPack } from '../pack/publish.js';
import { pullPack } from '../pack/pull.js';
import { readPublicKey } from '../pack/sign.js';
import { facts, table } from '../render/table.js';
import { enumWord } from '../render/witness.js';

const stateWord = (state: PackState): string => enumWord(PackState, state, 'PACK_STATE_');

export function addPackMarketplace(group: Command, io: CliIo): void {
  const publish = subcommand(group, 'publish <envelope>', 'Publish a signed pack: 0 published, 1 rejected, 3 in review, 4 not checked', 'stella pack publish manifest.dsse.json --public-key publisher.pem.pub')
    .requiredOption('--public-key <pem file>', 'of the key that signed it; it is registered in the namespace')
    .option('--folder <folder>', 'where the files are (default: that of the envelope)');
  onRun<{ readonly publicKey: string; readonly folder?: string }>(publish, io, async (session, [path = ''], options) => {
    const envelope = await readInput(io, path, limits.manifestBytesMax);
    const folder = options.folder === undefined ? dirname(resolve(io.cwd, path)) : resolve(io.cwd, options.folder);
    const pack = await publishPack(session, { envelope, publicKey: await readPublicKey(io, options.publicKey), folder });
    const exitCode = exitCodeOfPack(pack);
    session.output.answer({ exitCode, pack: Pack.toJSON(slim(pack)) }, () => renderPack(pack));
    return exitCode;
  });

  const search = subcommand(group, 'search [words...]', 'Packs by words or build id', 'stella pack search esbuild').option('--count <n>', 'how many at most', integer(1, limits.rowsMax), 50);
  onRun<{ readonly count: number }>(search, io, async (session, words, { count }) => {
    const { marketplace } = await session.client();
    const { items } = await collect(paginate(marketplace.searchPacks, { query: words.join(' ') }, (page) => page.packs, session.call), count);
    session.output.answer({ packs: items.map((pack) => Pack.toJSON(slim(pack))) }, () =>
      table(['state', 'licence', 'files', 'name'], items.map(({ state, license, files, name }) => [stateWord(state), license, String(files.length), name])),
    );
  });

  const pull = subcommand(group, 'pull <pack>', 'Fetch a pack\'s files, each checked against the signed manifest', 'stella pack pull namespaces/acme/packs/checkout/versions/1.4.2 --out checkout/ --public-key acme.pub')
    .requiredOption('--out <folder>', 'where the files go')
    .option('--public-key <pem file>', 'whose signature you rely on');
  onRun<{ readonly out: string; readonly publicKey?: string }>(pull, io, async (session, [pack = ''], options) => {
    const publicKey = options.publicKey === undefined ? undefined : await readPublicKey(io, options.publicKey);
    if (!publicKey) session.output.note('no --public-key: the signature of the manifest is not checked');
    const files = await pullPack(session, { pack, folder: resolve(io.cwd, options.out), publicKey });
    session.output.answer({ pack, files, isSignatureChecked: publicKey !== undefined }, () => files.join('\n'));
  });
}

function exitCodeOfPack({ state, findings }: Pack): ExitCode {
  if (state === PackState.PACK_STATE_PUBLISHED) return EXIT.ok;
  if (findings.some((finding) => finding.state === FindingState.FINDING_STATE_FAILED)) return EXIT.no;
  if (state === PackState.PACK_STATE_IN_REVIEW) return EXIT.review;
  return state === PackState.PACK_STATE_REJECTED ? EXIT.no : EXIT.couldNotCheck;
}

function renderPack({ name, state, license, manifest, findings }: Pack): string {
  const head = facts([['pack', name], ['state', stateWord(state)], ['licence', license], ['manifest', manifest?.sha256 ?? '']]);
  const rows = findings.map((finding) => [enumWord(FindingState, finding.state, 'FINDING_STATE_'), finding.check, finding.reason, finding.detail]);
  return `${head}\n\n${table(['finding', 'check', 'reason', 'detail'], rows)}`;
}

function slim(pack: Pack): Pack {
  return { ...pack, manifest: pack.manifest && { ...pack.manifest, envelope: Buffer.alloc(0) } };
}
