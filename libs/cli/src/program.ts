import { Command } from 'commander';
import { modulesFor } from './modules.js';
import type { CliIo } from './io/cli-io.js';

const EXIT_CODES = `
Exit codes: 0 yes or done, 1 no or failed, 2 wrong usage, 3 REVIEW, 4 could not check.
The system is found by its connection file: --connection, STELLA_CONNECTION, or connection.json in the data folder.`;

/**
 * The `stella` command without those that run a system; run it with `runProgram`, which owns the exit code.
 * @param argv what was typed after the name: only what it asks for is loaded; absent: every command
 */
export async function buildProgram(io: CliIo, argv: readonly string[] = []): Promise<Command> {
  const program = new Command('stella')
    .description('Release control with evidence that anyone can check again')
    .exitOverride()
    .configureOutput({ writeOut: (text) => io.stdout.write(text), writeErr: (text) => io.stderr.write(text), getOutHasColors: () => false, getErrHasColors: () => false })
    .configureHelp({ showGlobalOptions: true, sortSubcommands: false })
    .showSuggestionAfterError()
    .option('--json', 'answer with one JSON document')
    .option('--connection <file>', 'how the system is reached')
    .addHelpText('after', EXIT_CODES);
  for (const add of await Promise.all(modulesFor(argv).map((load) => load()))) add(program, io);
  return program;
}
