import { readFileSync } from 'node:fs';
import { Command } from 'commander';
import { modulesFor } from './modules.js';
import type { CliIo } from './io/cli-io.js';

const HELP = `
Examples:
  $ stella up                                   run the embedded system (in a checkout: npm start)
  $ stella gate --baseline ./old --candidate ./new --baseline-runs --claim 'changes mypackage.*'
                                                may ./new go out?
  $ stella delta diff ./old ./new               what changed in meaning
  $ stella stack match crash.txt                is this crash known?
  $ stella help gate                            one command, with an example

Exit codes: 0 yes or done, 1 no or failed, 2 wrong usage, 3 REVIEW, 4 could not check.
The system is found by its connection file: --connection, STELLA_CONNECTION, or connection.json in the data folder.
Errors go to standard error: a reason code, what was found, and the next step; with --json as one JSON document.`;

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
    .version(ownVersion())
    .addHelpText('after', HELP)
    .showHelpAfterError('(add --help to see how it is used)');
  for (const add of await Promise.all(modulesFor(argv).map((load) => load()))) add(program, io);
  return program;
}

function ownVersion(): string {
  const { version } = JSON.parse(readFileSync(new URL('../package.json', import.meta.url), 'utf8')) as { version: string };
  return version;
}
