import { startTestDatabase } from '@stella/platform-database/testing';
import { BAD, GOOD, TestFrvf } from './network.js';

const SECONDS = 'frvf_incident_milestone_seconds';

test('how long incidents waited for their first witness and first fix is counted once, and who still waits is told', async () => {
  const database = await startTestDatabase();
  try {
    const frvf = await new TestFrvf().start({ database });
    const [incident] = [await frvf.incident('seen'), await frvf.incident('forgotten')];
    frvf.nowMs += 10_000;
    const witness = await frvf.record(incident);
    await frvf.record(incident, { args: ['another'] });
    frvf.nowMs += 20_000;
    frvf.worker.behaviours.set(GOOD, () => ({ code: 0, stdout: 'done\n' }));
    await frvf.verify(witness.name, BAD);
    expect(await frvf.metric(`${SECONDS}_count`, '{milestone="fix"}')).toBe(0);
    await frvf.verify(witness.name, GOOD);
    await frvf.verify(witness.name, GOOD, { fresh: true });
    expect(await frvf.metric(`${SECONDS}_count`, '{milestone="witness"}')).toBe(1);
    expect(await frvf.metric(`${SECONDS}_sum`, '{milestone="witness"}')).toBe(10);
    expect(await frvf.metric(`${SECONDS}_count`, '{milestone="fix"}')).toBe(1);
    expect(await frvf.metric(`${SECONDS}_sum`, '{milestone="fix"}')).toBe(30);
    await frvf.runtime.stop();

    const later = new TestFrvf();
    later.nowMs = frvf.nowMs + 70_000;
    await later.start({ database });
    for (const milestone of ['witness', 'fix']) {
      expect(await later.metric('frvf_incidents_waiting', `{milestone="${milestone}"}`)).toBe(1);
      expect(await later.metric('frvf_incidents_longest_wait_seconds', `{milestone="${milestone}"}`)).toBe(100);
    }
    await later.runtime.stop();
  } finally {
    await database.stop();
  }
}, 60_000);
