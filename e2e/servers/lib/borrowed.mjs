import { down, status } from '../index.mjs';
import { readRecord } from './record.mjs';

/**
 * For a run that starts servers on its way: remembers what runs and what has data now.
 * @returns {Promise<(hasFailed: boolean) => Promise<string[]>>} ends what was started since, and tells its names; data stays
 *   where something failed, and where it was before
 */
export async function borrowServers() {
  const before = await status();
  const ranBefore = new Set(before.filter(isRunning).map(({ name }) => name));
  const hadData = new Set(before.filter(({ name }) => readRecord(name) !== undefined).map(({ name }) => name));
  return async (hasFailed) => {
    const started = (await status()).filter((server) => isRunning(server) && !ranBefore.has(server.name)).map(({ name }) => name);
    for (const name of started) await down([name], { keepData: hasFailed || hadData.has(name) });
    return started;
  };
}

function isRunning({ state }) {
  return state === 'healthy' || state === 'unhealthy';
}
