import { randomUUID } from 'node:crypto';
import { Client } from 'minio';
import type { S3Address } from '../../servers/index.mjs';

export function clientOf({ endpoint, region, accessKey, secretKey }: S3Address): Client {
  const { hostname, port } = new URL(endpoint);
  return new Client({ endPoint: hostname, port: Number(port), useSSL: false, region, accessKey, secretKey });
}

/** A bucket of its own, as an operator makes it. */
export async function newBucket(address: S3Address): Promise<{ readonly name: string; readonly client: Client }> {
  const client = clientOf(address);
  const name = `test-${randomUUID()}`;
  await client.makeBucket(name);
  return { name, client };
}

export async function namesIn(client: Client, bucket: string, prefix = ''): Promise<string[]> {
  const names: string[] = [];
  for await (const { name } of client.listObjectsV2(bucket, prefix, true) as AsyncIterable<{ name?: string }>) if (name !== undefined) names.push(name);
  return names;
}

export async function removeBucket(client: Client, bucket: string): Promise<void> {
  await client.removeObjects(bucket, await namesIn(client, bucket));
  await client.removeBucket(bucket);
}
