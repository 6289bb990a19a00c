import { fileURLToPath } from 'node:url';
import type { Server } from '../lib/server.mjs';
import { answerOf } from '../lib/health.mjs';

const PROGRAM = fileURLToPath(new URL('fake-server-process.mjs', import.meta.url));

export interface FakeOptions {
  readonly name?: string;
  /** `serve`, or a way of failing. */
  readonly mode?: string;
}

/** A server that is ready in a moment and writes the number of its starts to `<folder>/starts`. */
export function fakeServer({ name = 'fake', mode = 'serve' }: FakeOptions = {}): Server {
  return {
    name,
    ports: ['server'],
    install: async () => undefined,
    plan: async ({ folder, ports }) => ({
      launch: { command: process.execPath, args: [PROGRAM, folder, String(ports['server']), mode] },
      files: { 'settings.txt': 'as planned\n' },
      address: { url: `http://127.0.0.1:${ports['server']}` },
    }),
    check: async ({ url }) => void (await answerOf(`${url}/`)),
  };
}
