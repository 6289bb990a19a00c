import { type Delta, type DeltaUnit, type Index, UnitChange } from '@stella/contracts/stella/psdi/v1alpha/psdi';
import { facts, table } from './table.js';
import { enumWord } from './witness.js';

export const changeWord = (change: number): string => enumWord(UnitChange, change, 'UNIT_CHANGE_');

export function renderIndex({ name, artifactSha256, ruleset, root, unitCount, functionCount, loadedBytes, residualBytes, toolchainName, toolchainVersion, gnuBuildId, goBuildId, cached }: Index): string {
  return facts([
    ['index', name],
    ['artifact', artifactSha256],
    ['toolchain', `${toolchainName} ${toolchainVersion}`.trim()],
    ['GNU build id', gnuBuildId],
    ['Go build id', goBuildId],
    ['functions', `${functionCount} of ${unitCount} units`],
    ['loaded bytes', `${loadedBytes}, ${residualBytes} of them not understood`],
    ['rules', ruleset],
    ['root', root],
    ['from the cache', cached ? 'yes' : 'no'],
  ]);
}

export function renderDelta({ name, baselineSha256, candidateSha256, counts, proof, cached }: Delta, units: readonly DeltaUnit[], isCut: boolean): string {
  const head = facts([['delta', name], ['baseline', baselineSha256], ['candidate', candidateSha256], ['proof', proof?.sha256 ?? ''], ['from the cache', cached ? 'yes' : 'no']]);
  const summary = table(['kind', 'change', 'count'], counts.filter(({ count }) => count > 0).map(({ kind, change, count }) => [kind, changeWord(change), String(count)]));
  return [head, summary, units.length === 0 ? 'nothing differs' : `${renderUnits(units)}${isCut ? '\nand more: stella delta units' : ''}`].join('\n\n');
}

export function renderUnits(units: readonly DeltaUnit[]): string {
  return table(
    ['change', 'kind', 'bytes', 'name'],
    units.map(({ change, kind, baselineSizeBytes, candidateSizeBytes, displayName, unitId }) => [changeWord(change), kind, `${baselineSizeBytes} -> ${candidateSizeBytes}`, displayName || unitId]),
  );
}

/** Without envelopes, which `delta prove` writes. */
export function slimDelta(delta: Delta): Delta {
  return { ...delta, proof: slim(delta.proof), scope: slim(delta.scope), baselineIndex: delta.baselineIndex && slimIndex(delta.baselineIndex), candidateIndex: delta.candidateIndex && slimIndex(delta.candidateIndex) };
}

export function slimIndex(index: Index): Index {
  return { ...index, evidence: slim(index.evidence) };
}

function slim(evidence: Index['evidence']): Index['evidence'] {
  return evidence && { ...evidence, envelope: Buffer.alloc(0) };
}
