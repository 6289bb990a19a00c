import { existsSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { findOrInstall, onPath } from './debian.mjs';
import { runProgram } from './run-program.mjs';

const MAJOR_MIN = 17;
const VIRTUAL_MACHINES = '/usr/lib/jvm';

let found;

/** The `java` that the servers run on: 17 or newer, of JAVA_HOME, PATH or Debian. @returns {Promise<string>} */
export function java() {
  found ??= findOrInstall(findJava, ['openjdk-17-jre-headless']);
  return found;
}

async function findJava() {
  const candidates = [process.env.JAVA_HOME && join(process.env.JAVA_HOME, 'bin', 'java'), onPath('java'), ...installed()];
  for (const candidate of candidates) {
    if (candidate && existsSync(candidate) && (await majorOf(candidate)) >= MAJOR_MIN) return candidate;
  }
  return undefined;
}

function installed() {
  return existsSync(VIRTUAL_MACHINES) ? readdirSync(VIRTUAL_MACHINES).sort().map((name) => join(VIRTUAL_MACHINES, name, 'bin', 'java')) : [];
}

async function majorOf(path) {
  const output = await runProgram(path, ['-version']).catch(() => '');
  return Number(/version "(\d+)/.exec(output)?.[1] ?? 0);
}
