import { fork } from 'node:child_process';
import { closeSync, openSync, readFileSync } from 'node:fs';
import { START_TIMEOUT_MS } from './limits.mjs';

const LOG_CHARS_SHOWN = 4_000;

/**
 * A program of `parts/` that serves until its parent lets go of it; its first message says how to reach it.
 * @param {string} logPath what it logs; shown where it ends too early
 * @returns {Promise<{ pid: number, message: any, ask(request: object): Promise<any>, stop(): Promise<void> }>} `ask`: of
 * programs that answer `{ id, request }` with `{ id, answer }`
 */
export async function forkServer(program, args, logPath) {
  const log = openSync(logPath, 'a');
  const child = fork(program, args.map(String), { stdio: ['ignore', log, log, 'ipc'] });
  closeSync(log);
  const ended = new Promise((resolve) => child.once('exit', (code, signal) => resolve(signal ?? code)));
  const { promise: ready, resolve, reject } = Promise.withResolvers();
  const timer = setTimeout(() => reject(new Error(`${program} is not ready after ${START_TIMEOUT_MS} ms`)), START_TIMEOUT_MS);
  child.once('message', resolve);
  void ended.then((how) => reject(new Error(`${program} ended with ${how}:\n${readFileSync(logPath, 'utf8').slice(-LOG_CHARS_SHOWN)}`)));
  const stop = async () => {
    if (child.connected) child.disconnect();
    await ended;
  };
  let serial = 0;
  const ask = (request) => {
    const id = ++serial;
    const answered = new Promise((answer) => {
      const listen = (message) => {
        if (message.id !== id) return;
        child.off('message', listen);
        answer(message.answer);
      };
      child.on('message', listen);
    });
    child.send({ id, request });
    return Promise.race([answered, ended.then((how) => Promise.reject(new Error(`${program} ended with ${how}:\n${readFileSync(logPath, 'utf8').slice(-LOG_CHARS_SHOWN)}`)))]);
  };
  try {
    return { pid: child.pid, message: await ready, ask, stop };
  } catch (error) {
    child.kill('SIGKILL');
    throw error;
  } finally {
    clearTimeout(timer);
  }
}
