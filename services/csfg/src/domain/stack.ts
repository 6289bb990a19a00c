import { type AnalysedStack, analyseStack, fingerprint, symboliseTrace } from '@stella/stack-fingerprint';
import type { StackSource } from './stack-source.js';
import type { SymbolTable } from './symbol-table.js';

/** A stack of one tenant's graph. */
export interface Stack extends AnalysedStack {
  readonly tenant: string;
  /** 64 hexadecimal digits; its name is `stacks/{id}`. */
  readonly id: string;
  /** Said by who sent it. */
  readonly incident: string | undefined;
  /** Found by a match; never evidence for another match, so that errors do not spread. */
  readonly matchedIncident: string | undefined;
  /** Greater than that of every change of the tenant's stacks before. */
  readonly revision: bigint;
  readonly createTime: Date;
}

/** What a stack is made of follows from its scrubbed source, the symbols that are known and the normaliser's version. */
export function analyse(source: StackSource, symbols: SymbolTable): AnalysedStack {
  const stack = analyseStack(source.kind === 'text' ? source.body : (JSON.parse(source.body) as object));
  if (symbols.size === 0) return stack;
  const { trace, resolved } = symboliseTrace(stack.trace, symbols.resolve);
  return resolved === 0 ? stack : { trace, fingerprints: fingerprint(trace) };
}

export function incidentOf({ incident, matchedIncident }: Pick<Stack, 'incident' | 'matchedIncident'>): string | undefined {
  return incident ?? matchedIncident;
}

export function unnamedFrames({ trace }: AnalysedStack): number {
  return trace.frames.filter((frame) => frame.function === undefined).length;
}

export function stackName(id: string): string {
  return `stacks/${id}`;
}

/** @param name `stacks/{id}`, as the contract's rules have checked */
export function stackIdOfName(name: string): string {
  return name.slice('stacks/'.length);
}
