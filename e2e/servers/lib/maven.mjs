import { copyFileSync, existsSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { findOrInstall, onPath } from './debian.mjs';
import { runProgram } from './run-program.mjs';

/**
 * Runs goals of a committed pom, as a copy in a folder of its own: Maven leaves marks beside it of what it has done, and
 * would not do it again.
 * @param {string} pom its path
 * @param {readonly string[]} goals @param {Record<string, string>} properties
 */
export async function maven(pom, goals, properties) {
  const mvn = await findOrInstall(() => onPath('mvn'), ['maven']);
  const folder = mkdtempSync(join(tmpdir(), 'stella-maven-'));
  try {
    copyFileSync(pom, join(folder, 'pom.xml'));
    const words = ['--batch-mode', '--no-transfer-progress', '--quiet', ...goals, ...Object.entries(properties).map(([name, value]) => `-D${name}=${value}`)];
    await runProgram('nice', ['-n', '10', mvn, ...words], { cwd: folder, env: javaHome(), nextStep: `try it again by hand: mvn --file ${pom} ${goals.join(' ')}` });
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

/** A JAVA_HOME that points nowhere makes `mvn` fail where none at all would do. */
function javaHome() {
  return process.env.JAVA_HOME && !existsSync(process.env.JAVA_HOME) ? { JAVA_HOME: '' } : {};
}
