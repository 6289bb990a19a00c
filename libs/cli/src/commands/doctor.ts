import type { Command } from 'commander';
import { onRun, subcommand } from '../command.js';
import { examine } from '../doctor/checks.js';
import { EXIT } from '../exit-code.js';
import type { CliIo } from '../io/cli-io.js';
import { table } from '../render/table.js';

/** `stella doctor`: what keeps this machine from working. */
export function addDoctor(program: Command, io: CliIo): void {
  onRun(subcommand(program, 'doctor', 'What works on this machine: 0 everything, 1 something does not, 4 something could not be checked', 'stella doctor'), io, async (session) => {
    const findings = await examine(session);
    session.output.answer({ findings }, () =>
      [table(['state', 'check', 'detail'], findings.map(({ state, check, detail }) => [state, check, detail])), ...findings.filter(({ next }) => next !== '').map(({ check, next }) => `${check}: ${next}`)].join('\n'),
    );
    if (findings.some(({ state }) => state === 'failed')) return EXIT.no;
    return findings.some(({ state }) => state === 'unchecked') ? EXIT.couldNotCheck : EXIT.ok;
  });
}
