import { createStellaClient, isStellaError, type StellaClient } from '@stella/client';
import type { NodeConnection, StellaNode } from './node.js';

/** A client of a node, as the account that the installation made. */
export function clientOf({ grpcAddress, issuer, audience, clientId, clientSecret }: NodeConnection): StellaClient {
  return createStellaClient({ address: grpcAddress, credentials: { clientId, clientSecret, issuer, resource: audience } });
}

async function agree(client: StellaClient, terms: Parameters<StellaClient['fbpe']['createPeering']>[0]): Promise<void> {
  try {
    await client.fbpe.createPeering(terms);
  } catch (error) {
    // From an earlier start of the same nodes, on the same ports.
    if (!isStellaError(error, 'PEERING_EXISTS')) throw error;
  }
}

/** Each node agrees with each other one. They are of one operator: what they find counts for nobody as a partner's word. */
export async function peerNodes(nodes: readonly StellaNode[]): Promise<void> {
  const clients = nodes.map((node) => clientOf(node.connection));
  try {
    for (const [at, client] of clients.entries()) {
      for (const [other, { connection, installation }] of nodes.entries()) {
        if (other === at) continue;
        const { node } = await (clients[other] as StellaClient).fbpe.getNode({});
        await agree(client, {
          organisation: installation.organisation,
          origin: node?.origin ?? '',
          logKey: node?.logKey ?? '',
          cosignerKey: node?.cosignerKey ?? '',
          evidenceKeys: node?.evidenceKeys ?? [],
          grpcAddress: connection.grpcAddress,
          httpAddress: connection.httpAddress,
          sameOperator: true,
        });
      }
    }
  } finally {
    for (const client of clients) client.close();
  }
}
