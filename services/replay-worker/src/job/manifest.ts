import { DomainError } from '@stella/errors';
import { z } from 'zod';
import type { ReplayOrder } from '../domain/replay-order.js';

/** What a Job is told: the order, and where its inputs are and its result goes. Its links are secrets until they expire. */
export interface JobManifest {
  /** None: the Job only says what its host gives. */
  readonly order: ReplayOrder | undefined;
  readonly inputs: readonly { readonly sha256: string; readonly url: string }[];
  readonly resultUrl: string;
  /** Capsules at once. */
  readonly runsAtOnce: number;
}

const FORMAT = 'stella-replay-job/1';
const sha256 = z.string().regex(/^[0-9a-f]{64}$/);
const whole = z.number().int().min(0);
const big = z.string().regex(/^\d{1,20}$/).transform(BigInt);
const caps = z.strictObject({ cpuMs: whole, wallMs: whole, memoryBytes: whole, pids: whole, diskBytes: whole, outputBytes: whole, openFiles: whole });
const setup = z.strictObject({
  programPath: z.string(),
  argumentsSha256: sha256,
  stdinSha256: z.union([sha256, z.literal('')]),
  files: z.array(z.strictObject({ path: z.string(), sha256, executable: z.boolean() })),
  environment: z.record(z.string(), z.string()),
  seeds: z.record(z.string(), big),
  clock: z.strictObject({ epochNs: big, tickNs: big }),
  locale: z.string(),
  timeZone: z.string(),
  hostname: z.string(),
  uid: whole,
  gid: whole,
  caps,
});
const order = z.strictObject({
  replayId: z.string(),
  artifactSha256: sha256,
  setup,
  determinism: z.string(),
  isolation: z.string(),
  replays: whole,
  canonicaliser: z.string(),
  notRunMax: whole,
  captureStack: z.boolean(),
  deadline: z.iso.datetime().transform((text) => new Date(text)),
});
const manifest = z.strictObject({
  format: z.literal(FORMAT),
  order: order.optional(),
  inputs: z.array(z.strictObject({ sha256, url: z.url() })),
  resultUrl: z.url(),
  runsAtOnce: z.number().int().min(1),
});

/** Every blob that the order names, each once. */
export function inputsOf({ artifactSha256, setup: { argumentsSha256, stdinSha256, files } }: ReplayOrder): string[] {
  return [...new Set([artifactSha256, argumentsSha256, stdinSha256, ...files.map((file) => file.sha256)])].filter((digest) => digest !== '');
}

export function encodeManifest({ order: ordered, ...rest }: JobManifest): Buffer {
  // A Job is a sandbox already: inside of it a capsule has the capsule's own level.
  const inside = ordered && pick({ ...ordered, isolation: 'I1' });
  return Buffer.from(JSON.stringify({ format: FORMAT, ...(inside && { order: inside }), ...rest }, (_, value: unknown) => (typeof value === 'bigint' ? value.toString() : value)));
}

/** @throws DomainError EVENT_INVALID */
export function parseManifest(bytes: Uint8Array): JobManifest {
  const parsed = manifest.safeParse(JSON.parse(Buffer.from(bytes).toString('utf8')));
  if (!parsed.success) throw new DomainError('EVENT_INVALID', { attribute: 'manifest', problem: parsed.error.issues.map(({ path, message }) => `${path.join('.')}: ${message}`).join('; ') });
  return { ...parsed.data, order: parsed.data.order };
}

/** Members that a decoded message has besides are left out. */
function pick({ replayId, artifactSha256, setup: given, determinism, isolation, replays, canonicaliser, notRunMax, captureStack, deadline }: ReplayOrder) {
  const { programPath, argumentsSha256, stdinSha256, files, environment, seeds, clock, locale, timeZone, hostname, uid, gid, caps: limits } = given;
  const { cpuMs, wallMs, memoryBytes, pids, diskBytes, outputBytes, openFiles } = limits;
  return {
    replayId, artifactSha256, determinism, isolation, replays, canonicaliser, notRunMax, captureStack,
    deadline: deadline.toISOString(),
    setup: {
      programPath, argumentsSha256, stdinSha256, environment, seeds, locale, timeZone, hostname, uid, gid,
      files: files.map((file) => ({ path: file.path, sha256: file.sha256, executable: file.executable })),
      clock: { epochNs: clock.epochNs, tickNs: clock.tickNs },
      caps: { cpuMs, wallMs, memoryBytes, pids, diskBytes, outputBytes, openFiles },
    },
  };
}
