import { createDeployments } from '/work/wt/processes/e2e/deployment/index.mjs';
const n = Number(process.argv[2] ?? 1);
console.time('create');
const deployments = await createDeployments({ organisations: n });
console.timeEnd('create');
try {
  console.time('start');
  for (const d of deployments) await d.start();
  console.timeEnd('start');
  for (const d of deployments) for (const p of d.processes) console.log(d.organisation, p.name, p.pid, (p.memoryBytes() / 2 ** 20).toFixed(0), 'MiB');
  for (const d of deployments) console.log(await d.stop());
} catch (error) { console.log(error); process.exitCode = 1; }
finally {
  if (!process.env.KEEP) for (const d of deployments) await d.remove();
  else console.log(deployments.map((d) => d.folder));
}
