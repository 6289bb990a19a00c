import type { DecisionGround, Explanation } from '@stella/stack-fingerprint';
import type { Stack } from './stack.js';
import { unnamedFrames } from './stack.js';

const GROUNDS: Readonly<Record<DecisionGround, string>> = {
  'machine-code-equal': 'every frame is the same instruction of the same build',
  'stack-equal': 'the normalised stacks and the kind of failure are equal',
  'score-and-signature': 'the stacks align, and the first functions of the program are the same',
  'score-only': 'the stacks align, but the first functions of the program differ',
  'score-below-threshold': 'the stacks share too little weight',
  'failure-differs': 'the programs failed in different ways',
  'too-short': 'a stack has too few functions of the program to tell two incidents apart',
  'not-symbolised': 'a stack lacks names where they matter; publish its symbol pack',
  'format-unknown': 'a stack is of no known format',
};

/** Why two stacks match, or not, in sentences; the frames tell the rest. */
export function matchReasons(stack: Stack, other: Stack, explanation: Explanation): readonly string[] {
  const { failure, frames } = explanation;
  const count = (relation: string): number => frames.filter((frame) => frame.relation === relation).length;
  return [
    GROUNDS[explanation.ground],
    failure.query === failure.candidate ? `both failed with: ${failure.query}` : `failures: ${failure.query} | ${failure.candidate}`,
    `${count('matched')} frames match in place, ${count('moved')} moved, ${count('query-only')} and ${count('candidate-only')} stand alone`,
    ...unnamedReason(stack),
    ...unnamedReason(other),
  ];
}

function unnamedReason(stack: Stack): readonly string[] {
  const unnamed = unnamedFrames(stack);
  return unnamed === 0 ? [] : [`${unnamed} of ${stack.trace.frames.length} frames of ${stack.id.slice(0, 12)} have no name`];
}
