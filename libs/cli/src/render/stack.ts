import { type ExplainMatchResponse, type Frame, type MatchStackResponse, MatchVerdict, type Stack, type StackMatch } from '@stella/contracts/stella/csfg/v1alpha/csfg';
import { facts, table } from './table.js';
import { enumWord } from './witness.js';

const percent = (ppm: number): string => `${(ppm / 10_000).toFixed(1)} %`;
const verdictWord = (verdict: number): string => enumWord(MatchVerdict, verdict, 'MATCH_VERDICT_');

export function renderMatches({ verdict, matches, normalised, durationUs }: MatchStackResponse): string {
  const head = facts([['verdict', verdictWord(verdict)], ['frames', normalised ? `${normalised.frames.length}, ${normalised.unsymbolised} without a name` : ''], ['took', `${durationUs} µs`]]);
  if (matches.length === 0) return head;
  return `${head}\n\n${table(['verdict', 'score', 'level', 'incident', 'stack'], matches.map(matchRow))}`;
}

function matchRow({ verdict, scorePpm, level, incident, stack }: StackMatch): string[] {
  return [verdictWord(verdict), percent(scorePpm), level, incident, stack];
}

export function renderStack(stack: Stack): string {
  const { name, incident, format, language, frames, fingerprints, normaliser, rules } = stack;
  const head = facts([
    ['stack', name],
    ['incident', incident],
    ['format', format],
    ['language', language],
    ['normaliser', `${normaliser}${rules.length > 0 ? ` (${rules.join(', ')})` : ''}`],
    ...Object.entries(fingerprints).sort().map(([level, value]) => [level, value] as const),
  ]);
  return `${head}\n\n${table(['#', 'kind', 'function', 'where'], frames.map((frame) => [String(frame.index), frame.category, frame.function || '?', placeOf(frame)]))}`;
}

function placeOf({ file, line, module, offset }: Frame): string {
  if (file !== '') return line > 0 ? `${file}:${line}` : file;
  return module === '' ? '' : `${module}+0x${offset.toString(16)}`;
}

export function renderExplanation({ match, pairs, reasons }: ExplainMatchResponse): string {
  const head = match ? facts([['verdict', verdictWord(match.verdict)], ['score', percent(match.scorePpm)], ['level', match.level]]) : '';
  const rows = pairs.map(({ index, otherIndex, function: name, otherFunction, weightPpm, contributionPpm }) => [
    index < 0 ? '' : String(index),
    otherIndex < 0 ? '' : String(otherIndex),
    percent(weightPpm),
    percent(contributionPpm),
    name === otherFunction ? name : `${name || '-'}  |  ${otherFunction || '-'}`,
  ]);
  return [head, table(['#', 'other', 'weight', 'gives', 'function'], rows), reasons.map((reason) => `- ${reason}`).join('\n')].filter(Boolean).join('\n\n');
}
