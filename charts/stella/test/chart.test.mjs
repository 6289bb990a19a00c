// node --test charts/stella/test: the chart as Helm renders it, without a cluster or a network.
import assert from 'node:assert/strict';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { before, describe, test } from 'node:test';
import { stringify } from 'yaml';
import { call } from '../../../e2e/cluster/lib/command.mjs';
import { generated } from '../tools/generate.mjs';
import { CHART, ensureHelm, helm, podsOf, render, SHAPES, validator } from './support/render.mjs';

const SERVICES = ['csfg', 'fbpe', 'frvf', 'gate', 'marketplace', 'psdi', 'replay-worker'];
const KUBERNETES = ['1.30', '1.33', '1.35'];
/** Kinds of operators, whose schemas Kubernetes does not have. */
const FOREIGN = /^(monitoring\.coreos\.com|gateway\.networking\.k8s\.io)\//;

before(ensureHelm, { timeout: 3_600_000 });

const of = (objects, kind, name) => objects.find((object) => object.kind === kind && object.metadata.name === name);
const envOf = (container) => Object.fromEntries((container.env ?? []).map(({ name, value }) => [name, value]));
const deployment = (objects, service) => of(objects, 'Deployment', `acme-stella-${service}`);

test('what is generated is what is committed', () => {
  for (const [path, text] of Object.entries(generated())) assert.equal(readFileSync(join(CHART, path), 'utf8'), text, `${path}: run node charts/stella/tools/generate.mjs`);
});

describe('every shape', () => {
  for (const shape of SHAPES) {
    test(`${shape}: lints, and every object is valid in Kubernetes ${KUBERNETES.join(', ')}`, { timeout: 300_000 }, () => {
      helm(['lint', '--strict', CHART, '--kube-version', '1.35.0', '-f', join(CHART, 'ci', `${shape}-values.yaml`)]);
      const own = render(shape).filter(({ apiVersion }) => !FOREIGN.test(apiVersion));
      assert.ok(own.length > 20);
      const work = mkdtempSync(join(tmpdir(), 'stella-chart-'));
      writeFileSync(join(work, 'all.yaml'), own.map((object) => stringify(object)).join('---\n'));
      for (const version of KUBERNETES) call(validator(), ['--strict', '--no-warn', '-k', version, join(work, 'all.yaml')]);
      rmSync(work, { recursive: true });
    });

    test(`${shape}: pods meet Pod Security restricted, with a root that nobody writes to and caps`, () => {
      for (const { name, spec } of podsOf(render(shape))) {
        assert.equal(spec.securityContext.runAsNonRoot, true, name);
        assert.equal(spec.enableServiceLinks, false, name);
        for (const container of [...spec.containers, ...(spec.initContainers ?? [])]) {
          const { allowPrivilegeEscalation, readOnlyRootFilesystem, capabilities, seccompProfile = spec.securityContext.seccompProfile } = container.securityContext;
          assert.deepEqual([allowPrivilegeEscalation, readOnlyRootFilesystem, capabilities.drop], [false, true, ['ALL']], name);
          assert.ok(['RuntimeDefault', 'Localhost'].includes(seccompProfile.type), name);
          assert.ok(container.resources.limits.memory && container.resources.requests.cpu, name);
        }
        for (const volume of spec.volumes ?? []) assert.ok(!('hostPath' in volume), name);
      }
    });

    test(`${shape}: names are unique and short enough, every pod is selected by one Deployment`, () => {
      const objects = render(shape);
      const keys = objects.map(({ kind, metadata }) => `${kind} ${metadata.namespace ?? ''} ${metadata.name}`);
      assert.equal(new Set(keys).size, keys.length);
      for (const { metadata } of objects) assert.ok(metadata.name.length <= 63, metadata.name);
      const selectors = objects.filter(({ kind }) => kind === 'Deployment').map(({ spec }) => JSON.stringify(spec.selector));
      assert.equal(new Set(selectors).size, SERVICES.length);
    });
  }
});

test('what the chart takes from files is in them', () => {
  const objects = render('full');
  const carried = { 'acme-stella-test': 'main-job.mjs', 'acme-stella-topics': 'topics.json', 'acme-stella-seccomp': 'capsule.json', 'acme-stella-replay-jobs': 'jobs.json' };
  for (const [name, file] of Object.entries(carried)) assert.ok(of(objects, 'ConfigMap', name).data[file].length > 200, name);
});

test('a long release name leaves names that Kubernetes takes', () => {
  for (const { metadata } of render('full', {}, 'a-release-of-fifty-characters-which-is-all-that-be')) assert.ok(metadata.name.length <= 63, metadata.name);
});

test('each value that is required is named when it is missing, and a value that there is not is refused', () => {
  const required = ['organisation', 'database.existingSecret', 's3.endpoint', 's3.bucket', 's3.existingSecret', 'oidc.issuer', 'oidc.existingSecret', 'keys.existingSecrets.gate', 'keys.existingSecrets.psdi', 'keys.existingSecrets.frvf', 'keys.existingSecrets.fbpe', 'trust.existingConfigMap'];
  for (const path of required) assert.throws(() => render('minimal', { [path]: '' }), new RegExp(`"${path}" is required`));
  assert.throws(() => render('minimal', { 'kafka.brokers': [] }), /"kafka.brokers" is required/);
  assert.throws(() => render('minimal', { 'kafka.saslMechanism': 'plain' }), /"kafka.existingSecret" is required/);
  for (const [path, value] of [['databse.existingSecret', 'x'], ['services.gate.replica', 3], ['replay.mode', 'docker'], ['kafka.brokers', ['nowhere']], ['organisation', 'Acme Inc.']]) {
    assert.throws(() => render('minimal', { [path]: value }), /don't meet the specifications|additional|not match|must be/i, path);
  }
});

test('a pod sees the secrets of its own service only, as files', () => {
  const objects = render('minimal');
  for (const service of SERVICES) {
    const { containers, volumes } = deployment(objects, service).spec.template.spec;
    const items = volumes.find(({ name }) => name === 'settings').projected.sources.flatMap(({ secret }) => (secret ? secret.items.map(({ key }) => `${secret.name}/${key}`) : []));
    assert.ok(items.includes(`stella-database/${service}`));
    assert.ok(items.includes(`stella-oidc/${service}`));
    const foreign = items.filter((item) => /^stella-(database|oidc)\//.test(item) && !item.endsWith(`/${service}`));
    assert.deepEqual(foreign, []);
    const keys = items.filter((item) => item.startsWith('stella-keys-'));
    assert.ok(keys.every((item) => item.startsWith(`stella-keys-${service}/`)), keys.join());
    const paths = volumes.find(({ name }) => name === 'settings').projected.sources.flatMap(({ secret, configMap }) => (secret ?? configMap).items.map(({ path }) => `/run/stella/${path}`));
    for (const [name, value] of Object.entries(envOf(containers[0]))) if (name.endsWith('_FILE')) assert.ok(paths.includes(value), `${service}: ${name}`);
    assert.ok(containers[0].env.every(({ valueFrom }) => valueFrom === undefined));
  }
});

test('only the worker that makes Jobs has a token, and its role ends at the replays\' namespace', () => {
  const objects = render('minimal');
  for (const service of SERVICES) {
    assert.equal(of(objects, 'ServiceAccount', `acme-stella-${service}`).automountServiceAccountToken, false);
    assert.equal(deployment(objects, service).spec.template.spec.automountServiceAccountToken, service === 'replay-worker');
  }
  const roles = objects.filter(({ kind }) => ['Role', 'ClusterRole', 'RoleBinding', 'ClusterRoleBinding'].includes(kind));
  assert.deepEqual(roles.map(({ kind, metadata }) => [kind, metadata.namespace]), [['Role', 'acme-replays'], ['RoleBinding', 'acme-replays']]);
  assert.deepEqual(roles[0].rules, [
    { apiGroups: ['batch'], resources: ['jobs'], verbs: ['create', 'get', 'list', 'delete'] },
    { apiGroups: [''], resources: ['pods'], verbs: ['get', 'list', 'watch'] },
  ]);
  assert.throws(() => render('minimal', { 'replay.namespace': 'acme' }), /must not be the release's own/);
  const local = render('small');
  assert.equal(local.some(({ kind }) => ['Role', 'Namespace'].includes(kind)), false);
  assert.equal(deployment(local, 'replay-worker').spec.template.spec.containers[0].securityContext.seccompProfile.type, 'Localhost');
});

test('replay-worker is told how Jobs look', () => {
  const settings = (values) => JSON.parse(of(render('minimal', values), 'ConfigMap', 'acme-stella-replay-jobs').data['jobs.json']);
  assert.partialDeepStrictEqual(settings({}), { namespace: 'acme-replays', image: 'stella-replay-capsule:0.1.0', owner: 'acme-stella', isSandbox: false, allowSharedKernel: false, localhostProfile: 'stella/capsule.json' });
  assert.partialDeepStrictEqual(settings({ 'replay.runtimeClassName': 'gvisor', 'replay.isSandbox': true, 'global.image.registry': 'r.example/x' }), { image: 'r.example/x/stella-replay-capsule:0.1.0', runtimeClassName: 'gvisor', isSandbox: true });
  const annotation = (values) => deployment(render('minimal', values), 'replay-worker').spec.template.metadata.annotations['stella-ops.org/replay-jobs'];
  assert.notEqual(annotation({}), annotation({ 'replay.deadlineSeconds': 60 }));
});

test('one registry and one tag name every image, and images.txt lists them all', () => {
  const images = podsOf(render('full')).flatMap(({ spec }) => spec.containers.map(({ image }) => image));
  for (const image of images) assert.match(image, /^registry\.acme\.example\/stella\/stella-[a-z-]+:1\.2\.3$/);
  const listed = readFileSync(join(CHART, 'images.txt'), 'utf8').trim().split('\n');
  const used = new Set(podsOf(render('minimal')).flatMap(({ spec }) => spec.containers.map(({ image }) => image)));
  for (const image of [...used, 'stella-replay-capsule:0.1.0']) assert.ok(listed.includes(image), image);
});

test('default deny, and nothing reaches where clouds keep credentials', () => {
  const policies = render('minimal').filter(({ kind }) => kind === 'NetworkPolicy');
  const deny = policies.find(({ metadata }) => metadata.name.endsWith('default-deny'));
  assert.deepEqual(deny.spec.policyTypes, ['Ingress', 'Egress']);
  assert.equal(deny.spec.ingress ?? deny.spec.egress, undefined);
  for (const { metadata, spec } of policies) {
    for (const { to = [], ports } of spec.egress ?? []) {
      assert.ok(to.length > 0 && ports.length > 0, metadata.name);
      for (const { ipBlock } of to) if (ipBlock?.cidr === '0.0.0.0/0') assert.deepEqual(ipBlock.except, ['169.254.0.0/16']);
    }
  }
  const replay = policies.find(({ metadata }) => metadata.namespace === 'acme-replays');
  assert.equal(replay.spec.ingress, undefined);
  assert.equal(replay.spec.egress.flatMap(({ ports }) => ports.map(({ port }) => port)).includes(53), false);
  const gate = policies.find(({ metadata }) => metadata.name === 'acme-stella-gate');
  const peers = gate.spec.egress.flatMap(({ to }) => to.flatMap(({ podSelector }) => podSelector?.matchLabels['app.kubernetes.io/component'] ?? []));
  assert.deepEqual(peers, ['psdi', 'frvf', 'fbpe']);
  assert.equal(render('small').some(({ kind }) => kind === 'NetworkPolicy'), false);
});

test('pods come and go without a gap: surge, no pod away, time to drain', () => {
  for (const service of SERVICES) {
    const { spec } = deployment(render('minimal', { 'shutdown.stopDelaySeconds': 7, 'shutdown.drainSeconds': 20 }), service);
    assert.deepEqual(spec.strategy.rollingUpdate, { maxSurge: 1, maxUnavailable: 0 });
    assert.equal(spec.template.spec.terminationGracePeriodSeconds, 32);
    const [container] = spec.template.spec.containers;
    assert.deepEqual([container.startupProbe, container.readinessProbe, container.livenessProbe].map(({ httpGet }) => httpGet.path), ['/readyz', '/readyz', '/livez']);
    assert.equal(envOf(container).STELLA_STOP_DELAY, '7s');
  }
  assert.equal(render('minimal').filter(({ kind }) => kind === 'PodDisruptionBudget').length, SERVICES.length);
  assert.equal(render('small').filter(({ kind }) => kind === 'PodDisruptionBudget').length, 0);
  const full = render('full');
  assert.equal(full.filter(({ kind }) => kind === 'HorizontalPodAutoscaler').length, SERVICES.length);
  assert.ok(SERVICES.every((service) => !('replicas' in deployment(full, service).spec)));
});

test('migrations and topics come first, each container with its own credentials', () => {
  const objects = render('full');
  const hooks = objects.filter(({ metadata }) => metadata.annotations?.['helm.sh/hook'] === 'pre-install,pre-upgrade');
  assert.deepEqual(hooks.map(({ kind, metadata }) => `${kind} ${metadata.name}`).sort(), ['ConfigMap acme-stella-topics', 'Job acme-stella-migrations', 'Job acme-stella-topics', 'ServiceAccount acme-stella-migrations', 'ServiceAccount acme-stella-topics']);
  const { containers, volumes } = of(objects, 'Job', 'acme-stella-migrations').spec.template.spec;
  assert.deepEqual(containers.map(({ name, args }) => [name, args]), SERVICES.map((name) => [name, ['migrate']]));
  for (const { name, volumeMounts } of containers) {
    const { projected } = volumes.find((volume) => volume.name === volumeMounts[0].name);
    assert.deepEqual(projected.sources[0].secret.items, [{ key: name, path: 'database/url' }]);
  }
  const topics = of(objects, 'Job', 'acme-stella-topics').spec.template.spec.containers[0];
  for (const flag of ['--brokers=kafka-0:9093,kafka-1:9093', '--prefix=acme.', '--tls-ca=/run/stella/kafka/ca.crt', '--sasl-mechanism=scram-sha-512']) assert.ok(topics.args.includes(flag), flag);
  assert.ok(JSON.parse(of(objects, 'ConfigMap', 'acme-stella-topics').data['topics.json']));
});

test('retentions reach the services that keep what they are about, and the topics', () => {
  const retentionOf = (objects, service) => Object.fromEntries(Object.entries(envOf(deployment(objects, service).spec.template.spec.containers[0])).filter(([name]) => name.startsWith('STELLA_RETENTION_')));
  const flagsOf = (objects) => of(objects, 'Job', 'acme-stella-topics').spec.template.spec.containers[0].args.filter((flag) => /retention/.test(flag));
  const shared = { STELLA_RETENTION_EVENTS: '30d', STELLA_RETENTION_TOPICS: '7d', STELLA_RETENTION_UPLOADS: '1d' };
  const usual = render('minimal');
  for (const service of SERVICES) assert.deepEqual(retentionOf(usual, service), { ...shared, ...(service === 'gate' && { STELLA_RETENTION_EVALUATIONS: '30d', STELLA_RETENTION_NEWS: '400d' }) }, service);
  assert.deepEqual(flagsOf(usual), ['--retention=7d', '--dead-letter-retention=30d']);
  const changed = render('minimal', { 'retention.events': '216h', 'retention.topics': '1d', 'retention.deadLetters': '60d', 'retention.deadLetterTopics': '2d', 'retention.evaluations': '36h', 'retention.news': '181d', 'retention.uploads': '6h' });
  assert.deepEqual(retentionOf(changed, 'gate'), { STELLA_RETENTION_EVENTS: '216h', STELLA_RETENTION_DEAD_LETTERS: '60d', STELLA_RETENTION_TOPICS: '1d', STELLA_RETENTION_UPLOADS: '6h', STELLA_RETENTION_EVALUATIONS: '36h', STELLA_RETENTION_NEWS: '181d' });
  assert.deepEqual(flagsOf(changed), ['--retention=1d', '--dead-letter-retention=2d']);
});

test('a retention that would let an event be handled twice, or is none, is refused before anything is installed', () => {
  assert.throws(() => render('minimal', { 'retention.events': '359h' }), /"retention.events" is 359h, less than "retention.topics" \(7d\) and 8 days more/);
  assert.throws(() => render('minimal', { 'retention.deadLetters': '14d' }), /"retention.deadLetters" is 14d, less than/);
  assert.throws(() => render('minimal', { 'retention.topics': '23d' }), /"retention.events" is 30d, less than "retention.topics" \(23d\)/);
  assert.doesNotThrow(() => render('minimal', { 'retention.events': '15d', 'retention.deadLetters': '15d' }));
  for (const value of ['7', '0d', '30m', '', 30]) assert.throws(() => render('minimal', { 'retention.events': value }), /don't meet the specifications|not match|must be/i, String(value));
});

test('one front for all gRPC services, and what monitoring asks for', () => {
  const objects = render('full');
  const paths = of(objects, 'Ingress', 'acme-stella').spec.rules[0].http.paths.map(({ path, backend }) => [path, backend.service.name]);
  assert.equal(paths.length, SERVICES.length);
  assert.ok(paths.some(([path, name]) => path === '/stella.gate.v1alpha.GateService' && name === 'acme-stella-gate'));
  const { rules } = of(objects, 'GRPCRoute', 'acme-stella').spec;
  assert.equal(rules.filter(({ matches }) => matches[0].headers === undefined).length, SERVICES.length);
  const byHeader = rules.filter(({ matches }) => matches[0].headers !== undefined).map(({ matches: [{ method, headers }], backendRefs }) => [method.service, headers[0].name, headers[0].value, backendRefs[0].name]);
  assert.deepEqual(byHeader, [...SERVICES].sort().map((name) => ['stella.events.v1alpha.DeadLetterService', 'stella-service', name, `acme-stella-${name}`]));
  assert.equal(of(objects, 'ServiceMonitor', 'acme-stella').metadata.labels.release, 'prometheus');
  assert.equal(render('minimal').some(({ kind }) => ['Ingress', 'GRPCRoute', 'ServiceMonitor', 'PrometheusRule'].includes(kind)), false);
});

test('the shipped seccomp profile lets a capsule be made, and refuses what has been a way out', () => {
  const profile = JSON.parse(of(render('minimal'), 'ConfigMap', 'acme-stella-seccomp').data['capsule.json']);
  assert.equal(profile.defaultAction, 'SCMP_ACT_ERRNO');
  const allowed = profile.syscalls.filter(({ action, args }) => action === 'SCMP_ACT_ALLOW' && !args).flatMap(({ names }) => names);
  for (const name of ['clone', 'unshare', 'mount', 'umount2', 'pivot_root', 'mount_setattr', 'ptrace', 'seccomp', 'sethostname']) assert.ok(allowed.includes(name), name);
  for (const name of ['io_uring_setup', 'bpf', 'perf_event_open', 'keyctl', 'add_key', 'userfaultfd', 'open_by_handle_at', 'kexec_load', 'init_module', 'setns', 'chroot', 'swapon', 'reboot', 'process_madvise', 'clone3', 'fsopen', 'fsmount', 'move_mount']) assert.ok(!allowed.includes(name), name);
  const personality = profile.syscalls.filter(({ names }) => names.includes('personality')).map(({ args }) => args[0].value);
  assert.ok(personality.includes(0x40000));
  const families = profile.syscalls.filter(({ names }) => names.includes('socket')).map(({ args }) => args[0].value);
  assert.deepEqual(families, [1, 2, 10, 16]);
});
