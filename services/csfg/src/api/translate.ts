import { type ExplainMatchResponse, type FramePair, MatchVerdict, type Stack as StackMessage, type StackMatch as MatchMessage, type StackSource } from '@stella/contracts/stella/csfg/v1alpha/csfg';
import { DomainError } from '@stella/errors';
import type { AnalysedStack, Decision, ExplainedFrame, NormalisedFrame } from '@stella/stack-fingerprint';
import type { MatchExplanation } from '../application/explain-match.js';
import type { SentSource } from '../domain/stack-source.js';
import { type StackMatch, toPpm } from '../domain/stack-match.js';
import { incidentOf, type Stack, stackName, unnamedFrames } from '../domain/stack.js';

const VERDICTS: Readonly<Record<Decision, MatchVerdict>> = {
  same: MatchVerdict.MATCH_VERDICT_SAME,
  related: MatchVerdict.MATCH_VERDICT_RELATED,
  new: MatchVerdict.MATCH_VERDICT_NEW,
};

export function toVerdict(decision: Decision): MatchVerdict {
  return VERDICTS[decision];
}

export function fromSource(message: StackSource | undefined): SentSource {
  const source = message?.source;
  if (!source) throw new DomainError('REQUEST_INVALID', { fields: 'source' });
  return source.$case === 'text' ? { kind: 'text', text: source.value } : { kind: 'native-json', json: source.value };
}

/** @param stack a stored one, or one that was only normalised and has no name */
export function toStackMessage(stack: AnalysedStack & Partial<Stack>): StackMessage {
  const { trace, fingerprints } = stack;
  const { k0, k1, k2, k3 } = fingerprints;
  const incident = incidentOf({ incident: stack.incident, matchedIncident: stack.matchedIncident });
  return {
    name: stack.id === undefined ? '' : stackName(stack.id),
    incident: incident ?? '',
    format: trace.format,
    language: trace.language,
    frames: trace.frames.map(toFrame),
    fingerprints: { K0: k0, ...(k1 && { K1: k1 }), ...(k2 && { K2: k2 }), ...(k3 && { K3: k3 }) },
    normaliser: trace.normaliserVersion,
    rules: trace.rules.map(({ rule }) => rule),
    unsymbolised: unnamedFrames(stack),
    createTime: stack.createTime,
  };
}

function toFrame(frame: NormalisedFrame, index: number): StackMessage['frames'][number] {
  return {
    index,
    function: frame.function ?? '',
    module: frame.module ?? '',
    file: frame.file ?? '',
    line: frame.line ?? 0,
    buildId: frame.gnuBuildId ?? '',
    offset: BigInt(frame.moduleOffset ?? 0),
    category: frame.category,
    symbolised: frame.function !== undefined,
  };
}

export function toMatchMessage(match: StackMatch): MatchMessage {
  const { stackId, incident, verdict, scorePpm, level } = match;
  return { stack: stackName(stackId), incident: incident ?? '', verdict: toVerdict(verdict), scorePpm, level };
}

export function toExplanation({ match, explanation, reasons }: MatchExplanation): ExplainMatchResponse {
  return { match: toMatchMessage(match), pairs: explanation.frames.map(toPair), reasons: [...reasons] };
}

function toPair({ query, candidate, contribution }: ExplainedFrame): FramePair {
  return {
    index: query?.index ?? -1,
    otherIndex: candidate?.index ?? -1,
    function: query?.name ?? '',
    otherFunction: candidate?.name ?? '',
    weightPpm: toPpm(Math.max(query?.weight ?? 0, candidate?.weight ?? 0)),
    contributionPpm: Math.round(contribution * 1_000_000),
  };
}
