import { z } from 'zod';

const quantity = z.union([z.string(), z.number()]).transform(String);
const resources = z.object({ requests: z.record(z.string(), quantity).default({}), limits: z.record(z.string(), quantity).default({}) });

/** What `STELLA_REPLAY_JOBS` holds as JSON: how the Jobs of this installation look. The chart writes it. */
export const JOB_SETTINGS = z.strictObject({
  namespace: z.string().min(1),
  image: z.string().min(1),
  imagePullPolicy: z.enum(['IfNotPresent', 'Always', 'Never']).default('IfNotPresent'),
  imagePullSecrets: z.array(z.string()).default([]),
  /** Names the Jobs, and labels what belongs to this installation. */
  owner: z.string().regex(/^[a-z0-9]([-a-z0-9]{0,38}[a-z0-9])?$/),
  /** Empty: the cluster's default. */
  runtimeClassName: z.string().default(''),
  /** Whether that runtime puts a kernel of its own between pod and node: isolation I2. */
  isSandbox: z.boolean().default(false),
  allowSharedKernel: z.boolean().default(false),
  /** Below the kubelet's folder of profiles; empty: the runtime's default. */
  localhostProfile: z.string().default(''),
  userNamespaces: z.boolean().default(false),
  /** Capsules at once in one Job. */
  runsAtOnce: z.number().int().min(1).max(64).default(2),
  ttlSecondsAfterFinished: z.number().int().min(0).default(300),
  deadlineSeconds: z.number().int().min(10).default(1_800),
  resources: resources.default({ requests: {}, limits: {} }),
  nodeSelector: z.record(z.string(), z.string()).default({}),
  tolerations: z.array(z.record(z.string(), z.unknown())).default([]),
});

export type JobSettings = Readonly<z.output<typeof JOB_SETTINGS>>;
