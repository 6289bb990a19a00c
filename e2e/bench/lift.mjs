// Lifting and indexing a 9 MB Go program, against `objdump -d`, which decodes the same instructions and keeps nothing.
import { statSync } from 'node:fs';
import { incidentById, resolveRelease } from '@stella/incidents';
import { lift, nativeExecutable } from '@stella/native';
import { alternate } from './lib/alternate.mjs';
import { benchmark } from './lib/benchmark.mjs';
import { group } from './lib/group.mjs';
import { liftAndBuild, liftPacked } from './lib/lift-index.mjs';
import { requireTool, runProgram } from './lib/run-program.mjs';
import { temporaryFolder } from './lib/temporary-folder.mjs';

await benchmark('lift', async (runs) => {
  const objdump = requireTool('objdump', 'apt-get install binutils');
  const release = incidentById('esbuild-3205').good;
  const { program } = await resolveRelease(release, { cacheDir: temporaryFolder() });
  const native = nativeExecutable();
  const { end } = await liftPacked(program);
  const requireRoot = (root) => {
    if (root !== end.root) throw new Error(`the root is ${root}, before it was ${end.root}`);
  };
  let frames = 0;
  const results = await alternate(
    {
      'objdump -d': () => runProgram('objdump', ['-d', program]),
      'stella-native lift': () => runProgram(native, ['lift', program]),
      'stella-native index': () => runProgram(native, ['index', program]),
      'lift and index': async () => requireRoot((await liftPacked(program)).end.root),
      'lift, read frame by frame': async () => {
        for await (const _ of lift(program)) frames++;
      },
      'lift, and the index made by the verifiers\' code': async () => requireRoot((await liftAndBuild(program)).set.root.toString('hex')),
    },
    runs,
  );
  if (frames < end.units) throw new Error('not every frame arrived');
  return {
    tools: { objdump },
    facts: { artifact: release.name, sizeBytes: statSync(program).size, functions: end.functions, units: end.units, root: end.root },
    groups: [
      group(`${release.name}, whole program`, results, {
        ratios: [
          ['stella-native lift', 'objdump -d'],
          ['lift and index', 'objdump -d'],
        ],
        goals: [
          { text: 'lift at most half of objdump -d', case: 'stella-native lift', to: 'objdump -d', max: 0.5 },
          { text: 'lift and index at most half of objdump -d', case: 'lift and index', to: 'objdump -d', max: 0.5 },
        ],
      }),
    ],
  };
});
