/** All that a process needs that runs one command. */
export { onRun, subcommand } from './command.js';
export type { CliIo } from './io/cli-io.js';
export { buildProgram } from './program.js';
export { runProgram } from './run-cli.js';
