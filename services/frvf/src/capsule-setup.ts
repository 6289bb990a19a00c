import type { CapsuleSetup } from '@stella/contracts/stella/frvf/v1alpha/events';
import type { DraftCore } from './domain/draft-core.js';

/** What a witness pins, as workers are told it. */
export function capsuleSetup(draft: DraftCore): CapsuleSetup {
  const { caps } = draft;
  return {
    programPath: draft.programPath,
    argumentsSha256: draft.arguments.sha256,
    stdinSha256: draft.stdin?.sha256 ?? '',
    files: draft.files.map(({ path, sha256, executable }) => ({ path, sha256, executable })),
    environment: Object.fromEntries(draft.environment.map(({ name, value }) => [name, value])),
    seeds: Object.fromEntries(draft.seeds.map(({ name, value }) => [name, BigInt(value)])),
    clockEpochNs: BigInt(draft.clock.epochNs),
    clockTickNs: BigInt(draft.clock.tickNs),
    locale: draft.locale,
    timeZone: draft.timeZone,
    hostname: draft.hostname,
    uid: draft.uid,
    gid: draft.gid,
    caps: {
      cpuMs: BigInt(caps.cpuMs),
      wallMs: BigInt(caps.wallMs),
      memoryBytes: BigInt(caps.memoryBytes),
      pids: caps.pids,
      diskBytes: BigInt(caps.diskBytes),
      outputBytes: BigInt(caps.outputBytes),
      openFiles: caps.openFiles,
    },
  };
}
