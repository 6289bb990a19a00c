import { createHash } from 'node:crypto';
import { rmSync } from 'node:fs';
import { join } from 'node:path';
import { RECOVERY_TIMEOUT_MS, START_ATTEMPTS_MAX, START_TIMEOUT_MS } from '../limits.mjs';
import { freePorts, wantedPorts } from './choose-ports.mjs';
import { writeWhole } from './files.mjs';
import { serverFolder } from './folder.mjs';
import { problemAfter } from './health.mjs';
import { withLock } from './lock.mjs';
import { lastLines } from './log-file.mjs';
import { isRunning } from './process-identity.mjs';
import { readRecord, writeRecord } from './record.mjs';
import { report } from './report.mjs';
import { ServerError } from './server-error.mjs';
import { killProcess, startDetached, stopProcess } from './server-process.mjs';

const LIMITS = { startTimeoutMs: START_TIMEOUT_MS, recoveryTimeoutMs: RECOVERY_TIMEOUT_MS };

/**
 * Finds the server running and healthy, or starts it. Of two callers at once the second finds what the first started.
 * @param {import('./server.mjs').Server} server
 * @param {any} installation what its `install` returned
 * @returns {Promise<{ record: import('./record.mjs').ServerRecord, started: boolean }>}
 */
export async function ensureUp(server, installation, limits = LIMITS) {
  const folder = serverFolder(server.name);
  return withLock(folder, async () => {
    const before = readRecord(server.name);
    if (await isAsWanted(server, before, { folder, installation }, limits)) return { record: before, started: false };
    await stopProcess(before?.process, server.stopSignal);
    return { record: await start(server, { folder, installation }, before?.ports, limits), started: true };
  });
}

/** Safe to repeat. @returns {Promise<boolean>} whether it ran */
export async function ensureDown(server, { keepData = true } = {}) {
  const folder = serverFolder(server.name);
  return withLock(folder, async () => {
    const record = readRecord(server.name);
    const ran = isRunning(record?.process);
    await stopProcess(record?.process, server.stopSignal);
    await server.stopLeftOvers?.(folder);
    if (!keepData) rmSync(folder, { recursive: true, force: true });
    else if (record !== undefined) writeRecord(server.name, { ...record, process: undefined });
    return ran;
  });
}

/** As a power cut of its machine would; data and ports stay for the next start. */
export async function killServer(server) {
  await killProcess(readRecord(server.name)?.process);
}

async function isAsWanted(server, record, { folder, installation }, { recoveryTimeoutMs }) {
  if (!isRunning(record?.process)) return false;
  const plan = await server.plan({ folder, installation, ports: await wantedPorts(server, record.ports) });
  if (digestOf(plan) !== record.digest) {
    report(`${server.name} runs with other settings and is started anew`);
    return false;
  }
  const problem = await problemAfter(server, record, recoveryTimeoutMs);
  if (problem !== undefined) report(`${server.name} runs (process ${record.process.pid}) but is not well, and is started anew: ${problem}`);
  return problem === undefined;
}

async function start(server, { folder, installation }, portsBefore, { startTimeoutMs }) {
  const log = join(folder, 'log');
  let problem;
  for (let attempt = 1; attempt <= START_ATTEMPTS_MAX; attempt++) {
    const startedMs = performance.now();
    const ports = await freePorts(server, portsBefore);
    const plan = await server.plan({ folder, ports, installation });
    for (const [path, content] of Object.entries(plan.files ?? {})) writeWhole(join(folder, path), content);
    await server.prepare?.({ folder, ports, installation });
    const record = { ports, digest: digestOf(plan), address: plan.address, process: await startDetached(plan.launch, log) };
    writeRecord(server.name, record);
    problem = await problemAfter(server, record, startTimeoutMs);
    if (problem === undefined) {
      report(`${server.name} is up (process ${record.process.pid}, ${((performance.now() - startedMs) / 1000).toFixed(1)} s)`);
      return record;
    }
    const ended = !isRunning(record.process);
    await stopProcess(record.process, server.stopSignal);
    if (!ended) break;
  }
  throw new ServerError(`${server.name} did not start: ${problem}; the end of ${log}:\n${lastLines(log).map((line) => `  | ${line}`).join('\n')}`, `read ${log}; \`node e2e/servers/cli.mjs down --purge ${server.name}\` begins with new data`);
}

function digestOf(plan) {
  return createHash('sha256').update(JSON.stringify(plan)).digest('hex');
}
