import { Command } from 'commander';
import { addConnect } from './commands/connect.js';
import { addDelta } from './commands/delta.js';
import { addDoctor } from './commands/doctor.js';
import { addGate } from './commands/gate.js';
import { addIncident } from './commands/incident.js';
import { addKeygen } from './commands/keygen.js';
import { addKeys } from './commands/keys.js';
import { addNode } from './commands/node.js';
import { addPack } from './commands/pack.js';
import { addPolicy } from './commands/policy.js';
import { addStack } from './commands/stack.js';
import { addTrust } from './commands/trust.js';
import { addVerdict } from './commands/verdict.js';
import { addVerify } from './commands/verify.js';
import { addWitness } from './commands/witness.js';
import type { CliIo } from './io/cli-io.js';

const EXIT_CODES = `
Exit codes: 0 yes or done, 1 no or failed, 2 wrong usage, 3 REVIEW, 4 could not check.
The system is found by its connection file: --connection, STELLA_CONNECTION, or connection.json in the data folder.`;

/** The `stella` command without those that run a system; run it with `runProgram`, which owns the exit code. */
export function buildProgram(io: CliIo): Command {
  const program = new Command('stella')
    .description('Release control with evidence that anyone can check again')
    .exitOverride()
    .configureOutput({ writeOut: (text) => io.stdout.write(text), writeErr: (text) => io.stderr.write(text), getOutHasColors: () => false, getErrHasColors: () => false })
    .configureHelp({ showGlobalOptions: true, sortSubcommands: false })
    .showSuggestionAfterError()
    .option('--json', 'answer with one JSON document')
    .option('--connection <file>', 'how the system is reached')
    .addHelpText('after', EXIT_CODES);
  for (const add of [addGate, addVerify, addTrust, addVerdict, addPolicy, addIncident, addWitness, addStack, addDelta, addPack, addKeygen, addKeys, addNode, addConnect, addDoctor]) add(program, io);
  return program;
}
