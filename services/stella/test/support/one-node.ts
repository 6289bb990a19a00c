import { chmodSync, mkdirSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { writeConnection } from '@stella/cli';
import type { StellaClient } from '@stella/client';
import { clientOf, StellaNetwork, type StellaNode } from '../../src/index.js';
import { CommandLine } from './cli.js';

/** A running node, a folder of its own, and a command line that reaches it from there. */
export class OneNode {
  private constructor(
    readonly folder: string,
    readonly network: StellaNetwork,
    readonly node: StellaNode,
    readonly client: StellaClient,
    readonly stella: CommandLine,
  ) {}

  /** @param prepare gets the folder in which the node will keep its blobs, before it starts */
  static async start(name: string, prepare: (blobs: string, folder: string) => void = () => undefined): Promise<OneNode> {
    const folder = mkdtempSync(join(tmpdir(), `${name}-`));
    // The database runs as another user, who passes through.
    chmodSync(folder, 0o711);
    const blobs = join(folder, 'nodes', 'node-1.test', 'blobs');
    mkdirSync(blobs, { recursive: true, mode: 0o711 });
    prepare(blobs, folder);
    const network = await StellaNetwork.create({ nodes: 1, folder: join(folder, 'nodes'), withoutDurability: true });
    const [node] = network.nodes;
    if (!node) throw new Error('a network of one node has one');
    const stella = new CommandLine(folder);
    await writeConnection(stella.connectionPath, node.connection);
    return new OneNode(folder, network, node, clientOf(node.connection), stella);
  }

  async stop(beforeRemoval: () => void = () => undefined): Promise<void> {
    this.client.close();
    await this.network.stop();
    beforeRemoval();
    rmSync(this.folder, { recursive: true, force: true });
  }
}
