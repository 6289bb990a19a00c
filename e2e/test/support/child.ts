import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import type { DemoProcessWords } from './demo-process.js';

const LOADER = join(import.meta.dirname, '../../../libs/platform/database/test/source-loader.mjs');
const PROGRAM = join(import.meta.dirname, 'demo-process.ts');

/** A process of the services of the suite. */
export interface DemoChild {
  /** Resolves with the signal or the code that it ended with. */
  readonly ended: Promise<string | number>;
  kill(signal: 'SIGTERM' | 'SIGKILL'): Promise<string | number>;
}

export async function startDemoProcess(words: DemoProcessWords): Promise<DemoChild> {
  const child = spawn(process.execPath, ['--conditions=@stella/source', '--import', LOADER, PROGRAM, JSON.stringify(words)], { stdio: ['ignore', 'pipe', 'inherit'] });
  const ended = endOf(child);
  await Promise.race([once(child.stdout, 'data'), ended.then((how) => Promise.reject(new Error(`the process ended early with ${how}`)))]);
  return {
    ended,
    async kill(signal) {
      child.kill(signal);
      return ended;
    },
  };
}

async function endOf(child: ChildProcess): Promise<string | number> {
  const [code, signal] = (await once(child, 'exit')) as [number | null, NodeJS.Signals | null];
  return signal ?? code ?? 'nothing';
}
