import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { Client, type ClientConfig } from 'pg';

const LOADER = join(import.meta.dirname, '../../database/test/source-loader.mjs');

/** Runs a TypeScript program from the sources, which is to kill itself. */
export async function runUntilKilled(program: string, words: readonly string[]): Promise<void> {
  const child = spawn(process.execPath, ['--conditions=@stella/source', '--import', LOADER, program, ...words], { stdio: ['ignore', 'inherit', 'inherit'] });
  const [code, signal] = (await once(child, 'exit')) as [number | null, string | null];
  if (signal !== 'SIGKILL') throw new Error(`${program} ended with ${signal ?? code}`);
}

export async function cutConnections(administrator: ClientConfig): Promise<void> {
  const client = new Client(administrator);
  await client.connect();
  await client.query(`SELECT pg_terminate_backend(pid, 5000) FROM pg_stat_activity WHERE application_name IN ('a', 'b')`);
  await client.end();
}
