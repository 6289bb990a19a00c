import { localError } from '../stella-error.js';

/** The body as a JSON object, of at most `sizeBytesMax`; anything else is an empty one. */
export async function readJson(response: Response, sizeBytesMax: number): Promise<Record<string, unknown>> {
  const chunks: Uint8Array[] = [];
  let sizeBytes = 0;
  for await (const chunk of response.body ?? []) {
    sizeBytes += chunk.byteLength;
    if (sizeBytes > sizeBytesMax) throw localError('UNAUTHENTICATED', { url: response.url, sizeBytesMax: String(sizeBytesMax) });
    chunks.push(chunk);
  }
  try {
    const value: unknown = JSON.parse(Buffer.concat(chunks).toString());
    return typeof value === 'object' && value !== null ? (value as Record<string, unknown>) : {};
  } catch {
    return {};
  }
}
