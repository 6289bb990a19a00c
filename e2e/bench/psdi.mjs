// Indexing and comparing by the service, as its callers see it: how long it takes, and how long nobody else has a turn.
import { statSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { incidentById, resolveRelease } from '@stella/incidents';
import { benchmark } from './lib/benchmark.mjs';
import { forkServer } from './lib/fork-server.mjs';
import { group } from './lib/group.mjs';
import { WARM_UP_RUNS } from './lib/limits.mjs';
import { temporaryFolder } from './lib/temporary-folder.mjs';

const SERVER = fileURLToPath(new URL('./parts/psdi-server.mjs', import.meta.url));
const WORKS = { index: 'index of one program', both: 'index of the other, and the first again', delta: 'delta of the two', idle: 'nothing, for half a second' };

await benchmark('psdi', async (runs) => {
  const folder = temporaryFolder();
  const { bad, good } = incidentById('esbuild-3205');
  const paths = await Promise.all([bad, good].map(async (release) => (await resolveRelease(release, { cacheDir: folder })).program));
  const server = await forkServer(SERVER, [folder, ...paths], `${folder}/psdi.log`);
  const rounds = [];
  try {
    for (let run = 0; run < Math.min(WARM_UP_RUNS, runs); run++) await server.ask();
    for (let run = 0; run < runs; run++) rounds.push(await server.ask());
  } finally {
    await server.stop();
  }
  const results = (member, works) => Object.fromEntries(works.map((work) => [WORKS[work], { rounds: rounds.map((round) => [round[work][member]]), cpuMs: 0 }]));
  const stretch = (work) => ({ text: `at most 50 ms: ${WORKS[work]}`, case: WORKS[work], max: 50 });
  return {
    facts: { pair: `${bad.name} to ${good.name}`, sizeBytes: paths.reduce((sum, path) => sum + statSync(path).size, 0) },
    groups: [
      group('calls', results('elapsedMs', ['index', 'both', 'delta'])),
      group('longest stretch without a turn for others', results('stretchMs', ['index', 'both', 'delta', 'idle']), { goals: ['index', 'both', 'delta'].map(stretch) }),
    ],
  };
});
