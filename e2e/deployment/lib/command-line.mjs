import { runCli } from '@stella/cli';

/** A `stella` command in this process. @returns {Promise<unknown>} its answer @throws where it does not end with 0 */
export async function stella(folder, ...argv) {
  let [out, err] = ['', ''];
  const io = {
    stdout: { write: (text) => (out += text) },
    stderr: { write: (text) => (err += text) },
    env: { STELLA_HOME: folder },
    cwd: folder,
    isTty: false,
    now: () => new Date(),
  };
  const exitCode = await runCli(['--json', ...argv], io);
  if (exitCode !== 0) throw new Error(`stella ${argv.join(' ')} ended with ${exitCode}: ${err}`);
  return JSON.parse(out);
}
