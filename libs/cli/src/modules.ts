import type { Command } from 'commander';
import type { CliIo } from './io/cli-io.js';

/** Adds a command, or a group of commands, to the program. */
export type Add = (program: Command, io: CliIo) => void;
type Load = () => Promise<Add>;

/**
 * Commands in the order of the help, and the modules that add them: an offline check must not wait for gRPC to load, nor a
 * client for the policy engine. A command of a group stands beside its group when it needs far less than the others.
 */
const MODULES: readonly (readonly [command: string, load: Load])[] = [
  ['gate', async () => (await import('./commands/gate.js')).addGate],
  ['verify', async () => (await import('./commands/verify.js')).addVerify],
  ['trust', async () => (await import('./commands/trust.js')).addTrust],
  ['verdict', async () => (await import('./commands/verdict.js')).addVerdict],
  ['candidate', async () => (await import('./commands/candidate.js')).addCandidate],
  ['policy', async () => (await import('./commands/policy.js')).addPolicy],
  ['incident', async () => (await import('./commands/incident.js')).addIncident],
  ['witness', async () => (await import('./commands/witness.js')).addWitness],
  ['stack', async () => (await import('./commands/stack.js')).addStack],
  ['delta', async () => (await import('./commands/delta.js')).addDelta],
  ['delta verify', async () => (await import('./commands/delta-verify.js')).addDeltaVerify],
  ['pack', async () => (await import('./commands/pack.js')).addPack],
  ['keygen', async () => (await import('./commands/keygen.js')).addKeygen],
  ['keys', async () => (await import('./commands/keys.js')).addKeys],
  ['node', async () => (await import('./commands/node.js')).addNode],
  ['events', async () => (await import('./commands/events.js')).addEvents],
  ['connect', async () => (await import('./commands/connect.js')).addConnect],
  ['doctor', async () => (await import('./commands/doctor.js')).addDoctor],
];

/** Global options that take the next word. */
const WITH_VALUE: ReadonlySet<string> = new Set(['--connection']);

/** The modules that these words need; all of them for the help, and for words that are no command. */
export function modulesFor(argv: readonly string[]): Load[] {
  const [name = '', next = ''] = operands(argv);
  const exact = MODULES.filter(([command]) => command === `${name} ${next}`);
  const group = MODULES.filter(([command]) => command.split(' ')[0] === name);
  const needed = [exact, group, MODULES].find((some) => some.length > 0) ?? [];
  return needed.map(([, load]) => load);
}

function operands(argv: readonly string[]): string[] {
  return argv.filter((word, at) => !word.startsWith('-') && !WITH_VALUE.has(argv[at - 1] ?? ''));
}
