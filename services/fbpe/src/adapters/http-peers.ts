import { DomainError, isDomainError } from '@stella/errors';
import { parseTilePath, type TileReader } from '@stella/transparency-log';
import type { OwnNode, PeerConnection, PeerConnections } from '../application/ports.js';
import type { Peering } from '../domain/peering.js';
import { originSlug } from '../domain/origin.js';
import { signPeerToken } from '../domain/peer-token.js';
import { limits } from '../limits.js';

/** Other nodes over HTTP: C2SP tlog-tiles, payloads and cosignatures beside it. */
export class HttpPeers implements PeerConnections {
  constructor(
    private readonly own: OwnNode,
    private readonly clock: () => Date,
  ) {}

  to(peering: Peering, signal: AbortSignal): PeerConnection {
    const base = `${peering.httpAddress}/log/${originSlug(peering.origin)}`;
    const get = (path: string, sizeBytesMax: number, headers: Record<string, string> = {}) => fetchBytes(`${base}/${path}`, { headers: { ...headers, 'cache-control': 'no-cache' } }, sizeBytesMax, signal);
    return {
      checkpoint: async () => (await get('checkpoint', limits.checkpointBytesMax)) ?? unreachable(base, 'no checkpoint'),
      tiles: () => remembering((path) => get(path, parseTilePath(path)?.level === 'entries' ? limits.bundleBytesMax : limits.tileBytesMax)),
      payload: async (payloadDigest) => {
        const nowS = Math.floor(this.clock().getTime() / 1000);
        const claims = { issuer: this.own.origin, audience: peering.origin, payloadDigest };
        const token = await signPeerToken(claims, this.own.cosigner.signer, nowS, limits.tokenLifetimeS);
        return get(`payload/${payloadDigest}`, limits.envelopeBytesMax, { authorization: `Bearer ${token}` });
      },
      submitCosignature: async (note) => {
        const body = new Uint8Array(note);
        await fetchBytes(`${base}/cosignature`, { method: 'POST', body, headers: { 'content-type': 'text/plain; charset=utf-8' } }, limits.checkpointBytesMax, signal);
      },
    };
  }
}

function remembering(read: (path: string) => Promise<Uint8Array | undefined>): TileReader {
  const known = new Map<string, Promise<Uint8Array | undefined>>();
  return {
    read(path) {
      const found = known.get(path) ?? read(path);
      known.set(path, found);
      return found;
    },
  };
}

/** Undefined for 404. Redirects are refused: a peer is where the operators said it is. */
async function fetchBytes(url: string, init: RequestInit, sizeBytesMax: number, signal: AbortSignal): Promise<Uint8Array | undefined> {
  try {
    const response = await fetch(url, { ...init, redirect: 'error', signal: AbortSignal.any([signal, AbortSignal.timeout(limits.peerTimeoutMs)]) });
    if (response.status === 404) {
      await response.body?.cancel();
      return undefined;
    }
    if (!response.ok) {
      await response.body?.cancel();
      return unreachable(url, `status ${response.status}`);
    }
    return await collect(response, url, sizeBytesMax);
  } catch (error) {
    if (isDomainError(error)) throw error;
    throw new DomainError('PEER_UNREACHABLE', { url, problem: (error as Error).message.slice(0, 200) }, { cause: error });
  }
}

async function collect(response: Response, url: string, sizeBytesMax: number): Promise<Uint8Array> {
  const chunks: Uint8Array[] = [];
  let sizeBytes = 0;
  for await (const chunk of response.body ?? []) {
    sizeBytes += chunk.byteLength;
    if (sizeBytes > sizeBytesMax) return unreachable(url, `more than ${sizeBytesMax} bytes`);
    chunks.push(chunk);
  }
  return Buffer.concat(chunks);
}

function unreachable(url: string, problem: string): never {
  throw new DomainError('PEER_UNREACHABLE', { url, problem });
}
