import { apply, kubectl } from '../../lib/cluster.mjs';
import { until } from '../../lib/command.mjs';

const END_SECONDS = 90;
export const NAMESPACE = 'e2e-sandbox';

/** A namespace in which only pods of the level `restricted` may be. */
export async function ensureNamespace() {
  apply({ apiVersion: 'v1', kind: 'Namespace', metadata: { name: NAMESPACE, labels: { 'pod-security.kubernetes.io/enforce': 'restricted' } } });
  await until('the namespace\'s service account', 30, () => kubectl(['-n', NAMESPACE, 'get', 'serviceaccount', 'default']));
}

/** A Job with the settings of a replay's: nothing that it does not need. */
export function hardenedJob(name, { image, command, runtimeClassName, seccompProfile = { type: 'RuntimeDefault' }, memory = '64Mi', deadlineSeconds = 60 }) {
  return {
    apiVersion: 'batch/v1',
    kind: 'Job',
    metadata: { name, namespace: NAMESPACE },
    spec: {
      backoffLimit: 0,
      activeDeadlineSeconds: deadlineSeconds,
      ttlSecondsAfterFinished: 600,
      template: {
        spec: {
          ...(runtimeClassName && { runtimeClassName }),
          restartPolicy: 'Never',
          automountServiceAccountToken: false,
          enableServiceLinks: false,
          terminationGracePeriodSeconds: 0,
          securityContext: { runAsNonRoot: true, runAsUser: 65_532, runAsGroup: 65_532, fsGroup: 65_532, seccompProfile },
          containers: [
            {
              name: 'job',
              image,
              imagePullPolicy: 'Never',
              command,
              resources: { requests: { cpu: '50m', memory: '32Mi' }, limits: { cpu: '1', memory, 'ephemeral-storage': '32Mi' } },
              securityContext: { allowPrivilegeEscalation: false, readOnlyRootFilesystem: true, capabilities: { drop: ['ALL'] } },
              volumeMounts: [{ name: 'tmp', mountPath: '/tmp' }],
            },
          ],
          volumes: [{ name: 'tmp', emptyDir: { medium: 'Memory', sizeLimit: '16Mi' } }],
        },
      },
    },
  };
}

/** Runs a Job to its end. @returns {Promise<{terminated?, conditions, log: string, ms: number}>} */
export async function runJob(job) {
  const { name, namespace } = job.metadata;
  kubectl(['-n', namespace, 'delete', 'job', name, '--ignore-not-found', '--wait=true']);
  const began = Date.now();
  apply(job);
  const { terminated, conditions } = await until(`the end of the job ${name}`, END_SECONDS, () => {
    const { status } = JSON.parse(kubectl(['-n', namespace, 'get', 'job', name, '-o', 'json']));
    const [pod] = JSON.parse(kubectl(['-n', namespace, 'get', 'pods', '-l', `batch.kubernetes.io/job-name=${name}`, '-o', 'json'])).items;
    const found = pod?.status?.containerStatuses?.[0]?.state?.terminated;
    const failed = status.conditions?.some(({ type, status: holds }) => type === 'Failed' && holds === 'True');
    return (found || failed) && { terminated: found, conditions: status.conditions ?? [] };
  });
  const ms = Date.now() - began;
  return { terminated, conditions, log: terminated ? kubectl(['-n', namespace, 'logs', `job/${name}`]) : '', ms };
}

/** `name result` a line, as probe.c prints; a name that comes again has several results. */
export function readProbe(log) {
  const found = {};
  for (const line of log.split('\n')) {
    const [name, ...result] = line.trim().split(/\s+/);
    if (name) (found[name] ??= []).push(result.join(' '));
  }
  return Object.fromEntries(Object.entries(found).map(([name, results]) => [name, results.length === 1 ? results[0] : results]));
}
