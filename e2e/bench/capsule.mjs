// A program in a capsule (determinism D1, isolation I1) against the same program run bare: what a replay costs beyond
// what it replays.
import { execFileSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { incidentById, passes, resolveRelease } from '@stella/incidents';
import { probeCapsule, runCapsule } from '@stella/native';
import { alternate } from './lib/alternate.mjs';
import { benchmark } from './lib/benchmark.mjs';
import { group } from './lib/group.mjs';
import { runProgram } from './lib/run-program.mjs';
import { temporaryFolder } from './lib/temporary-folder.mjs';

const folder = temporaryFolder();
// The capsule's own disk is a tmpfs: the bare run gets one too.
const workFolder = existsSync('/dev/shm') ? temporaryFolder('/dev/shm') : folder;
/** Go's runtime reserves more than a capsule gives by default. */
const GO_MEMORY_BYTES = 2 * 2 ** 30;

await benchmark('capsule', async (runs) => {
  const probe = await probeCapsule();
  if (probe.determinism !== 'D1' || probe.isolation !== 'I1') throw new Error(`this machine gives no capsule of D1 and I1: ${JSON.stringify(probe)}`);
  const noOp = { name: 'static no-op', program: compile('no-op'), goals: ({ capsule }) => [{ text: 'a capsule starts and ends within 100 ms', case: capsule, max: 100 }] };
  const compute = { name: 'compute', program: compile('compute'), goals: ({ bare, capsule }) => [{ text: 'compute at most 1.05 times the bare run', case: capsule, to: bare, max: 1.05 }] };
  const inputOutput = { name: 'small files', program: compile('input-output'), goals: ({ bare, capsule }) => [{ text: 'small files at most 3 times the bare run', case: capsule, to: bare, max: 3 }] };
  const groups = [];
  const stops = {};
  for (const subject of [noOp, await esbuild(), compute, inputOutput]) groups.push(...(await measure(subject, runs, stops)));
  return { tools: { gcc: execFileSync('gcc', ['--version'], { encoding: 'utf8' }).split('\n', 1)[0] }, facts: { cpuModelClass: probe.cpuModelClass, ...stops }, groups };
});

async function measure({ name, program, args = [], input, caps, isRight, goals }, runs, stops) {
  const [bare, capsule] = [`${name}, bare`, `${name}, capsule`];
  const setup = [];
  const inside = [];
  const request = { program, args, closure: [], determinism: 'D1', isolation: 'I1', ...(input !== undefined && { stdin: { base64: Buffer.from(input).toString('base64') } }), ...(caps && { caps }) };
  const results = await alternate(
    {
      [bare]: () => runProgram(program, args, { cwd: workFolder, env: {}, ...(input !== undefined && { input }) }),
      [capsule]: async () => {
        const outcome = await runCapsule(request);
        requireRight(name, outcome, isRight);
        setup.push([outcome.measured.setupMs]);
        inside.push([outcome.measured.wallMs]);
        stops[`${name}, stops`] = outcome.measured.stops;
      },
    },
    runs,
  );
  const own = { 'until the program starts': { rounds: setup.slice(-runs), cpuMs: 0 }, 'the program': { rounds: inside.slice(-runs), cpuMs: 0 } };
  return [group(name, results, { ratios: [[capsule, bare]], goals: goals({ bare, capsule }) }), group(`${name}, as the capsule measures it`, own)];
}

/** A run that was refused or lost a pin is not what is to be measured. */
function requireRight(name, { exit, capHit, determinism, unpinned, stdout, stderr }, isRight = ({ exitCode }) => exitCode === 0) {
  const text = ({ base64 }) => Buffer.from(base64, 'base64').toString('utf8');
  const exitCode = 'code' in exit ? exit.code : null;
  if (determinism === 'D1' && capHit === null && isRight({ exitCode, stdout: text(stdout) })) return;
  throw new Error(`${name} in a capsule: ${JSON.stringify({ exit, capHit, determinism, unpinned, stderr: text(stderr).slice(0, 500) })}`);
}

async function esbuild() {
  const { good, args, stdin, pass } = incidentById('esbuild-3205');
  const { program } = await resolveRelease(good, { cacheDir: folder });
  return {
    name: `${good.name} on incident 3205`,
    program,
    args,
    input: stdin,
    caps: { memoryBytes: GO_MEMORY_BYTES },
    isRight: (outcome) => passes(pass, outcome),
    goals: () => [],
  };
}

function compile(name) {
  const source = fileURLToPath(new URL(`./parts/${name}.c`, import.meta.url));
  const program = join(folder, name);
  execFileSync('gcc', ['-O2', '-static', '-o', program, source], { stdio: ['ignore', 'ignore', 'inherit'] });
  return program;
}
