import { access, constants } from 'node:fs/promises';
import { nativeExecutable, probeCapsule } from '@stella/native';
import { limits } from '../limits.js';
import { reportOf } from '../render/error.js';
import type { Session } from '../session.js';

/** `unchecked`: something else has to be mended first, so that nothing is known. */
export type CheckState = 'ok' | 'failed' | 'unchecked';

export interface DoctorFinding {
  readonly check: string;
  readonly state: CheckState;
  readonly detail: string;
  readonly next: string;
}

type Result = Pick<DoctorFinding, 'state' | 'detail'> & { readonly next?: string };
type Check = (session: Session) => Promise<Result>;

const NODE_MAJOR_MIN = 24;
const OPEN_REASONS = new Set(['CONNECTION_MISSING']);

export const CHECKS: Readonly<Record<string, Check>> = {
  'Node.js': () => Promise.resolve(nodeVersion(process.versions.node)),
  'native executable': async () => {
    const path = nativeExecutable();
    await access(path, constants.X_OK);
    return { state: 'ok', detail: path };
  },
  capsule: async () => {
    const { isolation, determinism, namespaces, kernel, cpuModelClass, ...mechanisms } = await probeCapsule({ timeoutMs: limits.probeMs });
    if (isolation !== null && determinism !== null) return { state: 'ok', detail: `${isolation}, ${determinism}; ${kernel}, ${cpuModelClass}` };
    const lacking = [...Object.entries(namespaces), ...Object.entries(mechanisms)].filter(([, state]) => state !== 'available').map(([name, state]) => `${name}: ${state}`);
    return { state: 'failed', detail: lacking.join('; '), next: 'allow user namespaces, seccomp and ptrace to this user; nothing is replayed with less isolation' };
  },
  connection: async (session) => {
    const { fbpe } = await session.client();
    const { node } = await fbpe.getNode({}, { ...session.call, timeoutMs: limits.probeMs });
    return { state: 'ok', detail: `${node?.organisation ?? ''} at ${(await session.connection()).grpcAddress}` };
  },
  clock: async (session) => {
    const { issuer } = await session.connection();
    return clockSkew(session.io.now(), await serverTime(issuer));
  },
};

export async function examine(session: Session): Promise<readonly DoctorFinding[]> {
  const findings: DoctorFinding[] = [];
  for (const [check, run] of Object.entries(CHECKS)) {
    session.output.progress(check);
    findings.push({ check, next: '', ...(await run(session).catch(failureOf)) });
  }
  return findings;
}

export function nodeVersion(version: string): Result {
  const isRecent = Number(version.split('.')[0]) >= NODE_MAJOR_MIN;
  return isRecent ? { state: 'ok', detail: version } : { state: 'failed', detail: version, next: `run it with Node.js ${NODE_MAJOR_MIN} or later` };
}

export function clockSkew(here: Date, there: Date | undefined): Result {
  if (!there) return { state: 'unchecked', detail: 'the issuer does not tell its time' };
  const skewMs = Math.abs(here.getTime() - there.getTime());
  const detail = `${Math.round(skewMs / 1000)} s from the issuer's`;
  return skewMs <= limits.clockSkewMs ? { state: 'ok', detail } : { state: 'failed', detail, next: 'set this machine\'s clock: tokens and verdicts are refused by time' };
}

/** From the Date header (RFC 9110 §6.6.1), which has whole seconds. That nobody answers, the check of the connection tells. */
async function serverTime(issuer: string): Promise<Date | undefined> {
  const response = await fetch(`${issuer.replace(/\/$/, '')}/.well-known/openid-configuration`, { signal: AbortSignal.timeout(limits.probeMs) }).catch(() => undefined);
  if (!response) return undefined;
  await response.body?.cancel();
  const time = new Date(response.headers.get('date') ?? Number.NaN);
  return Number.isNaN(time.getTime()) ? undefined : time;
}

function failureOf(error: unknown): Result {
  const { reason, message, facts, next } = reportOf(error);
  const detail = [`${reason}: ${message}`, ...Object.entries(facts).map(([name, value]) => `${name} ${value}`)].join('; ');
  return { state: OPEN_REASONS.has(reason) ? 'unchecked' : 'failed', detail, next };
}
