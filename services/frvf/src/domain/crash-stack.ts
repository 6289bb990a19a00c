import { isDomainError } from '@stella/errors';
import { type AnalysedStack, analyseStack, stackIdentity } from '@stella/stack-fingerprint';
import type { Exit, SymbolPointer } from '@stella/witness';
import { limits } from './limits.js';

export type StackFormat = 'go-text' | 'native-json';

/** The stack of a failure as it was printed or unwound. */
export interface CrashStack {
  readonly format: StackFormat;
  readonly body: Uint8Array;
}

interface NativeStack {
  readonly threads: readonly { readonly crashed: boolean; readonly frames: readonly { readonly gnuBuildId: string | null; readonly moduleOffset: string | null }[] }[];
}

const POINTERS_MAX = 128;

/**
 * Finds the stack of a run: the unwound one where a signal ended the program, else what a Go program printed. A
 * program that handles its own signal has been unwound too, yet what it prints says more.
 */
export function crashStackOf(run: { readonly exit: Exit; readonly stderr: Uint8Array; readonly unwound: Uint8Array | undefined }): CrashStack | undefined {
  const { exit, stderr, unwound } = run;
  if ('code' in exit && exit.code === 0) return undefined;
  const stack: CrashStack =
    'signal' in exit && unwound !== undefined
      ? { format: 'native-json', body: fitted(unwound) }
      : { format: 'go-text', body: stderr.subarray(0, limits.stackBytesMax) };
  return analysed(stack) && stack;
}

/** By what two stacks are compared: `<level>:<hex>`; absent where the text is no stack. */
export function identityOf(stack: CrashStack | undefined): string | undefined {
  const found = stack && analysed(stack);
  return found && stackIdentity(found.fingerprints);
}

/** The machine code of an unwound stack's frames, innermost first. */
export function symbolPointersOf(stack: CrashStack | undefined): readonly SymbolPointer[] {
  if (stack?.format !== 'native-json') return [];
  const crashed = parse(stack.body).threads.find((thread) => thread.crashed);
  return (crashed?.frames ?? [])
    .flatMap(({ gnuBuildId, moduleOffset }) => (gnuBuildId && moduleOffset ? [{ gnuBuildId, moduleOffset, identity: null }] : []))
    .slice(0, POINTERS_MAX);
}

function analysed({ format, body }: CrashStack): AnalysedStack | undefined {
  try {
    const found = format === 'native-json' ? analyseStack(parse(body)) : analyseStack(Buffer.from(body).toString('utf8'));
    const isStack = format === 'native-json' || found.trace.format === 'go-panic' || found.trace.format === 'esbuild-pretty';
    return isStack && found.trace.frames.length > 0 ? found : undefined;
  } catch (error) {
    // Not a stack is an answer here: most programs print something else.
    if (isDomainError(error)) return undefined;
    throw error;
  }
}

/** Other threads are left out where all together are too large. */
function fitted(unwound: Uint8Array): Uint8Array {
  if (unwound.length <= limits.stackBytesMax) return unwound;
  return Buffer.from(JSON.stringify({ threads: parse(unwound).threads.filter((thread) => thread.crashed) }));
}

function parse(body: Uint8Array): NativeStack {
  return JSON.parse(Buffer.from(body).toString('utf8')) as NativeStack;
}
