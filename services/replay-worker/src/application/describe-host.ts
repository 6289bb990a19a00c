import type { CapsuleProbe } from '@stella/native';
import type { Host } from '../domain/replay-report.js';
import type { CapsuleScheduler, HostClosure } from './ports.js';

export interface Capability {
  readonly name: string;
  readonly available: boolean;
  /** Why not, or which form of it. */
  readonly detail: string;
}

export interface Capabilities {
  readonly host: Host;
  readonly capabilities: readonly Capability[];
  readonly isolation: string;
  readonly determinism: string;
}

export interface HostDescription {
  /** @throws DomainError when the host cannot be probed */
  execute(): Promise<Capabilities>;
}

/** Tells what this worker's host gives a capsule, probed at each call. */
export class DescribeHost implements HostDescription {
  constructor(
    private readonly capsules: CapsuleScheduler,
    private readonly closure: HostClosure,
    private readonly runnerSha256: string,
  ) {}

  /** @throws DomainError NATIVE_MISSING, NATIVE_CRASHED … when the host cannot be probed */
  async execute(): Promise<Capabilities> {
    const [probe, closure] = await Promise.all([this.capsules.probe(), this.closure.describe()]);
    const { kernel, cpuModelClass } = probe;
    return {
      host: { runnerSha256: this.runnerSha256, kernel, cpuModelClass, closure },
      capabilities: capabilitiesOf(probe),
      isolation: probe.isolation ?? '',
      determinism: probe.determinism ?? '',
    };
  }
}

function capabilitiesOf(probe: CapsuleProbe): Capability[] {
  const { seccomp, ptrace, personality, tsc, mountSetattr, cgroup } = probe;
  const namespaces = Object.entries(probe.namespaces).map(([name, state]) => [`namespace:${name}`, state] as const);
  return [...namespaces, ...Object.entries({ seccomp, ptrace, personality, tsc, mountSetattr, cgroup })].map(([name, state]) => ({
    name,
    available: state.startsWith('available'),
    detail: state === 'available' ? '' : state,
  }));
}
