import { existsSync } from 'node:fs';
import { findOrInstall, onPath } from './debian.mjs';
import { runProgram } from './run-program.mjs';

/**
 * Runs goals of a committed pom.
 * @param {string} pom its path
 * @param {readonly string[]} goals @param {Record<string, string>} properties
 */
export async function maven(pom, goals, properties) {
  const mvn = await findOrInstall(() => onPath('mvn'), ['maven']);
  const words = ['--batch-mode', '--no-transfer-progress', '--quiet', '--file', pom, ...goals, ...Object.entries(properties).map(([name, value]) => `-D${name}=${value}`)];
  await runProgram('nice', ['-n', '10', mvn, ...words], { env: javaHome(), nextStep: `try it again by hand: mvn --file ${pom} ${goals.join(' ')}` });
}

/** A JAVA_HOME that points nowhere makes `mvn` fail where none at all would do. */
function javaHome() {
  return process.env.JAVA_HOME && !existsSync(process.env.JAVA_HOME) ? { JAVA_HOME: '' } : {};
}
