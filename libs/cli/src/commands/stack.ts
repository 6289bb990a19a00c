import type { Command } from 'commander';
import { paginate } from '@stella/client';
import { ExplainMatchResponse, MatchStackResponse, MatchVerdict, Stack, type StackSource } from '@stella/contracts/stella/csfg/v1alpha/csfg';
import { DomainError } from '@stella/errors';
import { collect } from '../collect.js';
import { integer, onRun, subcommand } from '../command.js';
import { EXIT } from '../exit-code.js';
import type { CliIo } from '../io/cli-io.js';
import { readInputOrStdin } from '../io/files.js';
import { limits } from '../limits.js';
import { renderExplanation, renderMatches, renderStack } from '../render/stack.js';
import { table } from '../render/table.js';
import type { Session } from '../session.js';

interface SourceOptions {
  readonly nativeJson?: boolean;
}

const NATIVE = ['--native-json', 'the input is an unwound native stack as JSON'] as const;

export function addStack(program: Command, io: CliIo): void {
  const group = program.command('stack').description('Crash stacks, and which incidents they belong to');
  const match = subcommand(group, 'match [file]', 'Which known incident is this? 0 the same or related, 1 a new one; stores nothing', 'stella stack match crash.txt\nkubectl logs checkout | stella stack match')
    .option(...NATIVE)
    .option('--count <n>', 'how many candidates', integer(1, 50), 10);
  onRun<SourceOptions & { readonly count: number }>(match, io, async (session, [file], { nativeJson, count }) => {
    const { csfg } = await session.client();
    const source = await readStack(session, file, nativeJson);
    const answer = await csfg.matchStack({ query: { $case: 'source', value: source }, matchesMax: count }, session.call);
    const isKnown = answer.verdict === MatchVerdict.MATCH_VERDICT_SAME || answer.verdict === MatchVerdict.MATCH_VERDICT_RELATED;
    session.output.answer(MatchStackResponse.toJSON(answer), () => renderMatches(answer));
    return isKnown ? EXIT.ok : EXIT.no;
  }, { isNoAnAnswer: true });

  const add = subcommand(group, 'add [file]', 'Store a stack', 'stella stack add crash.txt --incident checkout-417').option(...NATIVE).option('--incident <id>', 'the incident that it is known to be');
  onRun<SourceOptions & { readonly incident?: string }>(add, io, async (session, [file], { nativeJson, incident }) => {
    const { csfg } = await session.client();
    const request = { source: await readStack(session, file, nativeJson), incident: incident === undefined ? '' : incidentName(incident) };
    const { stack } = await csfg.ingestStack(request, session.call);
    if (!stack) throw new DomainError('ANSWER_INCOMPLETE', { call: 'IngestStack' });
    session.output.answer({ stack: Stack.toJSON(stack) }, () => renderStack(stack));
  });

  onRun(subcommand(group, 'explain <stack> <other>', 'Frame by frame: why do two stored stacks match, or not?', 'stella stack explain stacks/1f… stacks/9c…'), io, async (session, [stack = '', other = '']) => {
    const { csfg } = await session.client();
    const answer = await csfg.explainMatch({ stack: stackName(stack), other: stackName(other) }, session.call);
    session.output.answer(ExplainMatchResponse.toJSON(answer), () => renderExplanation(answer));
  });

  const list = subcommand(group, 'list', 'Stored stacks', 'stella stack list --incident esbuild-3205').option('--incident <id>', 'only of this one').option('--count <n>', 'how many at most', integer(1, limits.rowsMax), 100);
  onRun<{ readonly incident?: string; readonly count: number }>(list, io, async (session, _, { incident, count }) => {
    const { csfg } = await session.client();
    const request = { incident: incident === undefined ? '' : incidentName(incident) };
    const { items } = await collect(paginate(csfg.listStacks, request, (page) => page.stacks, session.call), count);
    session.output.answer({ stacks: items.map((stack) => Stack.toJSON(stack)) }, () =>
      table(['incident', 'language', 'frames', 'top frame', 'name'], items.map((stack) => [stack.incident, stack.language, String(stack.frames.length), topFunction(stack), stack.name])),
    );
  });
}

async function readStack({ io }: Session, file: string | undefined, isNativeJson = false): Promise<StackSource> {
  const bytes = await readInputOrStdin(io, file, limits.stackBytesMax);
  if (isNativeJson) return { source: { $case: 'nativeJson', value: bytes } };
  return { source: { $case: 'text', value: bytes.toString('utf8') } };
}

const incidentName = (id: string): string => (id.startsWith('incidents/') ? id : `incidents/${id}`);
const stackName = (id: string): string => (id.startsWith('stacks/') ? id : `stacks/${id}`);

function topFunction({ frames }: Stack): string {
  return frames.find(({ category, function: name }) => category === 'app' && name !== '')?.function ?? frames[0]?.function ?? '';
}
