import { addBackup } from './backup/commands.js';
import { buildProgram, type CliIo, onRun, runProgram, subcommand } from '@stella/cli/program';

const stop = new AbortController();
const stopped = new Promise<void>((resolve) => {
  for (const signal of ['SIGINT', 'SIGTERM'] as const) {
    process.once(signal, () => {
      stop.abort();
      resolve();
    });
  }
});

const io: CliIo = {
  stdin: process.stdin,
  stdout: process.stdout,
  stderr: process.stderr,
  env: process.env,
  cwd: process.cwd(),
  isTty: process.stderr.isTTY,
  now: () => new Date(),
  signal: stop.signal,
};

const argv = process.argv.slice(2);
const program = await buildProgram(io, argv);
onRun(subcommand(program, 'up', 'Run the embedded system until Ctrl-C', 'stella up'), io, async () => {
  const { up } = await import('./up.js');
  await up(io, stopped);
});
onRun(subcommand(program, 'demo', 'Decide about a real release, step by step', 'stella demo'), io, async () => {
  const { demo } = await import('./demo/demo.js');
  await demo(io);
});
addBackup(program, io);

process.exitCode = await runProgram(program, argv, io);
// What a failed start left open must not keep the terminal waiting.
setTimeout(() => process.exit(), 5_000).unref();
