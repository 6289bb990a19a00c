import { type Command, InvalidArgumentError } from 'commander';
import { CommandEnd, CommandFailure, EXIT, type ExitCode, exitCodeOf } from './exit-code.js';
import type { CliIo } from './io/cli-io.js';
import { type GlobalOptions, Session } from './session.js';

/** What a command does; nothing given back is 0. */
export type Run<Options> = (session: Session, args: readonly string[], options: Options) => Promise<ExitCode | void>;

export interface RunRules {
  /** 1 is an answer of this command, as DENY is; a failure must not look like it. */
  readonly isNoAnAnswer?: boolean;
}

/** Gives a command its action: a session around it, its arguments as typed, its exit code at the end. */
export function onRun<Options extends object>(command: Command, io: CliIo, run: Run<Options>, { isNoAnAnswer = false }: RunRules = {}): Command {
  return command.action(async () => {
    const options = command.optsWithGlobals<Options & GlobalOptions>();
    const session = new Session(io, options);
    let exitCode: ExitCode | void;
    try {
      exitCode = await run(session, command.args, options);
    } catch (error) {
      if (isNoAnAnswer && exitCodeOf(error) === EXIT.no) throw new CommandFailure(error, EXIT.couldNotCheck);
      throw error;
    } finally {
      await session.close();
    }
    if (exitCode) throw new CommandEnd(exitCode);
  });
}

/** A command whose help ends with an example. */
export function subcommand(parent: Command, nameAndArgs: string, summary: string, example: string): Command {
  return parent.command(nameAndArgs).description(summary).addHelpText('after', `\nExample:\n  $ ${example.replaceAll(/(?<!\\)\n/g, '\n  $ ')}`);
}

/** A group of commands, which several modules may add to. */
export function groupOf(program: Command, name: string, summary: string): Command {
  return program.commands.find((command) => command.name() === name) ?? program.command(name).description(summary);
}

/** A parser of whole numbers for commander's options. */
export function integer(min: number, max: number): (text: string) => number {
  return (text) => {
    const value = /^\d{1,15}$/.test(text) ? Number(text) : Number.NaN;
    if (value >= min && value <= max) return value;
    throw new InvalidArgumentError(`a whole number in ${min}…${max} is expected.`);
  };
}

/** Gathers an option that may be given several times. */
export function many(text: string, before: readonly string[] = []): readonly string[] {
  return [...before, text];
}

const SHA256 = /^(?:sha256:)?(?<hex>[0-9a-f]{64})$/;

/** The digest in `sha256:<hex>` or `<hex>`; undefined for anything else. */
export function digestIn(text: string): string | undefined {
  return SHA256.exec(text)?.groups?.['hex'];
}
