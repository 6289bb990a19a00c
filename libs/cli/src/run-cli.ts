import { type Command, CommanderError } from 'commander';
import { CommandEnd, CommandFailure, EXIT, exitCodeOf } from './exit-code.js';
import type { CliIo } from './io/cli-io.js';
import { buildProgram } from './program.js';
import { renderError, reportOf } from './render/error.js';
import { visible } from './render/visible.js';
import type { GlobalOptions } from './session.js';

/** Runs a program of `buildProgram` with the arguments after its name; gives the exit code, and throws nothing. */
export async function runProgram(program: Command, argv: readonly string[], io: CliIo): Promise<number> {
  try {
    await program.parseAsync([...argv], { from: 'user' });
    return EXIT.ok;
  } catch (error) {
    if (error instanceof CommandEnd) return error.exitCode;
    // Help that was asked for ends well; help because nothing was asked does not.
    if (error instanceof CommanderError) return error.exitCode === 0 ? EXIT.ok : EXIT.usage;
    const report = reportOf(error instanceof CommandFailure ? error.cause : error);
    io.stderr.write(program.opts<GlobalOptions>().json ? `${JSON.stringify({ error: report })}\n` : `${visible(renderError(report))}\n`);
    return error instanceof CommandFailure ? error.exitCode : exitCodeOf(error);
  }
}

/** The `stella` command. @param argv what was typed after its name */
export async function runCli(argv: readonly string[], io: CliIo): Promise<number> {
  return runProgram(await buildProgram(io, argv), argv, io);
}
