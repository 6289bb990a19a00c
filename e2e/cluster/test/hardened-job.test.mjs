// A Job with the security settings of a replay's, asserted from inside of it.
import assert from 'node:assert/strict';
import { before, describe, test } from 'node:test';
import { apply, hasGvisor, kubectl, up } from '../lib/cluster.mjs';
import { BUSYBOX_IMAGE } from '../lib/images.mjs';
import { API_SERVICE_ADDRESS, DNS_ADDRESS, MACHINE_ADDRESS, NODE_ADDRESS } from '../lib/paths.mjs';
import { ensureNamespace, hardenedJob, readProbe, runJob } from './support/jobs.mjs';
import { importProgram } from './support/programs.mjs';

const TARGETS = ['api-server', NODE_ADDRESS, '6443', 'api-service', API_SERVICE_ADDRESS, '443', 'dns', DNS_ADDRESS, '53', 'machine', MACHINE_ADDRESS, '22', 'metadata', '169.254.169.254', '80'];
const NO_WAY = ['ENETUNREACH', 'EHOSTUNREACH', 'EINPROGRESS', 'EAGAIN', 'ETIMEDOUT'];
const PROFILE = { type: 'Localhost', localhostProfile: 'stella/capsule.json' };
const RUNTIMES = [
  { name: 'runc', runtimeClassName: 'isolated', seccompProfile: PROFILE, isHere: () => true },
  { name: 'gVisor', runtimeClassName: 'gvisor-isolated', seccompProfile: undefined, isHere: hasGvisor },
];
let image;

before(async () => {
  await up({ say: (text) => console.log(`# ${text}`) });
  await ensureNamespace();
  image = importProgram('probe');
}, { timeout: 5_400_000 });

for (const { name, runtimeClassName, seccompProfile, isHere } of RUNTIMES) {
  describe(`a Job under ${name}`, () => {
    let found;
    before(async () => {
      if (!isHere()) return;
      const job = hardenedJob(`probe-${runtimeClassName}`, { image, runtimeClassName, ...(seccompProfile && { seccompProfile }), command: ['/bin/probe', ...TARGETS] });
      const { terminated, log } = await runJob(job);
      assert.equal(terminated?.exitCode, 0, log);
      found = readProbe(log);
    }, { timeout: 180_000 });
    const check = (what, body) => test(what, (context) => (isHere() ? body() : context.skip('its build is not cached')));

    check('has no network: not the API server, no service, no DNS, not the machine, no metadata', () => {
      for (const target of ['api-server', 'api-service', 'dns', 'machine', 'metadata']) assert.ok(NO_WAY.includes(found[target]), `${target}: ${found[target]}`);
    });
    check('has no token, no capability, no other user to become, and a root that it cannot write to', () => {
      assert.equal(found.token, 'ENOENT');
      assert.match(found.CapEff, /^0+$/);
      assert.match(found.CapBnd, /^0+$/);
      assert.equal(found['setuid-0'], 'EPERM');
      assert.match(found.Uid, /^65532 65532/);
      assert.deepEqual(new Set([found['write-root']].flat()), new Set(['EROFS']));
      assert.equal(found['write-tmp'], 'ok');
      assert.equal(found.NoNewPrivs ?? '1', '1');
    });
    check('is refused what has been a way out of sandboxes', () => {
      for (const call of ['io-uring', 'bpf', 'perf-event', 'keyctl', 'userfaultfd', 'packet-socket', 'vsock']) assert.notEqual(found[call], 'ok', call);
    });
    check('may make what a capsule is made of', () => {
      assert.equal(found['user-namespace'], 'ok');
      assert.equal(found['ptrace-child'], 'ok');
    });
    if (name === 'runc') {
      check('has the pins of the shipped profile: the address space can be fixed', () => {
        assert.equal(found.Seccomp, '2');
        assert.deepEqual([found['personality-aslr'], found['aslr-pinned']], ['ok', 'yes']);
        assert.equal(found['io-uring'], 'ENOSYS');
      });
    }

    check('is ended by its caps of memory, processes and time', async () => {
      const run = (kind, command, more = {}) => runJob(hardenedJob(`${kind}-${runtimeClassName}`, { image: BUSYBOX_IMAGE, runtimeClassName, ...(seccompProfile && { seccompProfile }), command, ...more }));
      const memory = await run('memory', ['sh', '-c', 'x=$(head -c 200000000 /dev/zero | tr "\\0" a); echo ${#x}']);
      // gVisor tells it with another code: the reason counts.
      assert.notEqual(memory.terminated?.exitCode, 0);
      if (name === 'runc') assert.equal(memory.terminated?.reason, 'OOMKilled');
      const pids = await run('pids', ['sh', '-c', 'i=0; while [ $i -lt 1000 ]; do sleep 30 & i=$((i+1)); done; echo made $i'], { memory: '256Mi' });
      assert.doesNotMatch(pids.log, /made 1000/);
      const late = await run('late', ['sleep', '100'], { deadlineSeconds: 3 });
      assert.ok(late.conditions.some(({ reason }) => reason === 'DeadlineExceeded') || late.terminated?.exitCode === 137);
    });
  });
}

test('the default profile would not do: it refuses the pins, and the namespaces', async () => {
  const { log } = await runJob(hardenedJob('probe-default', { image, runtimeClassName: 'isolated', command: ['/bin/probe'] }));
  const found = readProbe(log);
  assert.equal(found['personality-aslr'], 'EPERM');
  assert.equal(found['user-namespace'], 'EPERM');
});

test('a Job that asks for more than the namespace\'s level is refused', () => {
  const job = hardenedJob('privileged', { image: BUSYBOX_IMAGE, command: ['id'] });
  job.spec.template.spec.containers[0].securityContext.allowPrivilegeEscalation = true;
  // Kubernetes takes the Job and warns; its pods are what is refused.
  const pod = { apiVersion: 'v1', kind: 'Pod', metadata: { name: 'privileged', namespace: job.metadata.namespace }, spec: job.spec.template.spec };
  assert.throws(() => apply(pod), /violates PodSecurity "restricted/);
});

test('a second `up` changes nothing that runs', async () => {
  const pods = () => kubectl(['get', 'pods', '-A', '-o', 'jsonpath={.items[*].metadata.uid}']);
  const before = pods();
  await up();
  assert.equal(pods(), before);
});
