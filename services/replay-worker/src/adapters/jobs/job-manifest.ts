import type { V1Container, V1Job, V1SecurityContext } from '@kubernetes/client-node';
import type { JobSettings } from './job-settings.js';

export const LABEL_REPLAY = 'stella-ops.org/replay';
export const LABEL_OWNER = 'app.kubernetes.io/instance';
export const RUNNER = 'runner';
const NOBODY = 65_532;
const WORK = '/work';

export interface JobRequest {
  readonly name: string;
  /** Of the replay, the same for every attempt; a label's value. */
  readonly replayKey: string;
  readonly replayId: string;
  readonly manifestUrl: string;
  readonly manifestSha256: string;
  /** Addresses of the hosts in signed links: the Jobs have no DNS. */
  readonly hosts: Readonly<Record<string, string>>;
  readonly deadlineSeconds: number;
  /** PEM of who signed the store's certificate. */
  readonly certificateAuthority?: string | undefined;
}

/**
 * A Job of one attempt: it never starts a second pod by itself, since only the worker can hand out new links. The
 * trusted first container fetches; the second runs capsules and hands over what they did. Neither has a token.
 */
export function jobFor(settings: JobSettings, request: JobRequest): V1Job {
  const labels = {
    'app.kubernetes.io/name': 'stella',
    'app.kubernetes.io/component': 'replay-job',
    [LABEL_OWNER]: settings.owner,
    [LABEL_REPLAY]: request.replayKey,
  };
  const { manifestUrl, manifestSha256, certificateAuthority } = request;
  const fetchEnv = { STELLA_JOB_MANIFEST_URL: manifestUrl, STELLA_JOB_MANIFEST_SHA256: manifestSha256, STELLA_JOB_FOLDER: WORK, ...(certificateAuthority && { STELLA_JOB_CA: certificateAuthority }) };
  const runEnv = { STELLA_JOB_FOLDER: WORK, ...(certificateAuthority && { STELLA_JOB_CA: certificateAuthority }) };
  const profile = settings.localhostProfile === '' ? { type: 'RuntimeDefault' } : { type: 'Localhost', localhostProfile: settings.localhostProfile };
  return {
    apiVersion: 'batch/v1',
    kind: 'Job',
    metadata: { name: request.name, namespace: settings.namespace, labels, annotations: { 'stella-ops.org/replay-id': request.replayId } },
    spec: {
      backoffLimit: 0,
      activeDeadlineSeconds: request.deadlineSeconds,
      ttlSecondsAfterFinished: settings.ttlSecondsAfterFinished,
      template: {
        metadata: { labels },
        spec: {
          restartPolicy: 'Never',
          serviceAccountName: `${settings.owner}-replay`,
          automountServiceAccountToken: false,
          enableServiceLinks: false,
          terminationGracePeriodSeconds: 0,
          hostname: 'replay',
          dnsPolicy: 'None',
          dnsConfig: { nameservers: ['127.0.0.1'] },
          hostAliases: Object.entries(request.hosts).map(([name, ip]) => ({ ip, hostnames: [name] })),
          ...(settings.userNamespaces && { hostUsers: false }),
          ...(settings.runtimeClassName !== '' && { runtimeClassName: settings.runtimeClassName }),
          imagePullSecrets: settings.imagePullSecrets.map((name) => ({ name })),
          nodeSelector: settings.nodeSelector,
          tolerations: settings.tolerations,
          securityContext: { runAsNonRoot: true, runAsUser: NOBODY, runAsGroup: NOBODY, fsGroup: NOBODY, seccompProfile: { type: 'RuntimeDefault' } },
          initContainers: [container(settings, 'inputs', 'fetch', fetchEnv, CONFINED)],
          containers: [container(settings, RUNNER, 'run', runEnv, { ...CONFINED, seccompProfile: profile })],
          volumes: [
            { name: 'work', emptyDir: { ...(settings.resources.limits['ephemeral-storage'] && { sizeLimit: settings.resources.limits['ephemeral-storage'] }) } },
            { name: 'tmp', emptyDir: { sizeLimit: '64Mi' } },
          ],
        },
      },
    },
  };
}

const CONFINED: V1SecurityContext = { allowPrivilegeEscalation: false, readOnlyRootFilesystem: true, capabilities: { drop: ['ALL'] } };

function container(settings: JobSettings, name: string, mode: string, env: Readonly<Record<string, string>>, securityContext: V1SecurityContext): V1Container {
  return {
    name,
    image: settings.image,
    imagePullPolicy: settings.imagePullPolicy,
    command: ['node', '/app/main.js', mode],
    env: Object.entries(env).map(([key, value]) => ({ name: key, value })),
    resources: { requests: { ...settings.resources.requests }, limits: { ...settings.resources.limits } },
    securityContext,
    terminationMessagePolicy: 'File',
    volumeMounts: [
      { name: 'work', mountPath: WORK },
      { name: 'tmp', mountPath: '/tmp' },
    ],
  };
}
