import { mkdtemp, chmod, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createLogger } from '@stella/platform-telemetry';
import { openInstallation } from './installation.js';
import type { NodeSettings } from './node-services.js';
import { StellaNode } from './node.js';
import { keepPorts } from './keep-ports.js';
import { peerNodes } from './peer-nodes.js';

export interface StellaNetworkOptions extends Partial<NodeSettings> {
  /** How many nodes, each an installation of its own; they peer pairwise. */
  readonly nodes: number;
  /** Where they keep their things; default: a temporary folder that `stop` removes. */
  readonly folder?: string;
  /** Only for tests: commits are not flushed to disk. Default: where the folder is temporary. */
  readonly withoutDurability?: boolean;
  /** Called with what starts next. */
  readonly onProgress?: (what: string) => void;
  readonly logLevel?: 'silent' | 'info' | 'debug';
}

/** Several nodes in one process, for tests and for the demo. All are of one operator, and say so. */
export class StellaNetwork {
  private constructor(
    readonly nodes: readonly StellaNode[],
    private readonly temporaryFolder: string | undefined,
  ) {}

  static async create(options: StellaNetworkOptions): Promise<StellaNetwork> {
    const temporary = options.folder === undefined ? await mkdtemp(join(tmpdir(), 'stella-net-')) : undefined;
    if (temporary !== undefined) await chmod(temporary, 0o711);
    const folder = options.folder ?? temporary ?? '';
    const organisations = Array.from({ length: options.nodes }, (_, index) => `node-${index + 1}.test`);
    const nodes: StellaNode[] = [];
    try {
      // All keys exist before the first node starts, so that each can be told of the others'.
      const installations = await Promise.all(organisations.map((name) => openInstallation(join(folder, name), name, new Date())));
      const psdiKeys = installations.map(({ keys }) => keys.psdi.publicKey);
      for (const organisation of organisations) {
        nodes.push(
          await StellaNode.start({
            ...options,
            folder: join(folder, organisation),
            organisation,
            trustedEvidenceKeys: psdiKeys,
            ...(await keepPorts(join(folder, organisation))),
            withoutDurability: options.withoutDurability ?? temporary !== undefined,
            logger: createLogger({ name: organisation, level: options.logLevel ?? 'silent' }),
          }),
        );
      }
      const network = new StellaNetwork(nodes, temporary);
      await peerNodes(nodes);
      return network;
    } catch (error) {
      await new StellaNetwork(nodes, temporary).stop();
      throw error;
    }
  }

  /** Waits until nothing is on its way any more, on any node: what one does may move another. */
  async settle(timeoutMs?: number): Promise<void> {
    for (let round = 0; round < 2; round++) for (const node of this.nodes) await node.settle(timeoutMs);
  }

  async stop(): Promise<void> {
    const outcomes = await Promise.allSettled(this.nodes.map((node) => node.stop()));
    if (this.temporaryFolder !== undefined) await rm(this.temporaryFolder, { recursive: true, force: true });
    const failures = outcomes.flatMap((outcome) => (outcome.status === 'rejected' ? [outcome.reason as unknown] : []));
    if (failures.length > 0) throw new AggregateError(failures, 'not every node could be stopped');
  }
}
