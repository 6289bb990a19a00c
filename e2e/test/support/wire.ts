import { Client, credentials } from '@grpc/grpc-js';

const asIs = (bytes: Buffer): Buffer => bytes;
/** `ServerReflectionRequest{list_services: ""}`: field 7, an empty text. */
const LIST_SERVICES = Buffer.from([0x3a, 0]);
const TIMEOUT_MS = 30_000;

/** As a tool without our contracts asks (grpc.health.v1); 1 is SERVING. */
export async function healthOf(address: string): Promise<number> {
  return withClient(address, async (client) => {
    const answer = await new Promise<Buffer>((resolve, reject) => {
      client.makeUnaryRequest('/grpc.health.v1.Health/Check', asIs, asIs, Buffer.alloc(0), { deadline: Date.now() + TIMEOUT_MS }, (error, bytes) => (error ? reject(error) : resolve(bytes as Buffer)));
    });
    return answer[1] ?? 0;
  });
}

/** What server reflection lists (grpc.reflection.v1), as bytes that hold the names. */
export async function reflectedServices(address: string): Promise<string> {
  return withClient(address, async (client) => {
    const call = client.makeBidiStreamRequest('/grpc.reflection.v1.ServerReflection/ServerReflectionInfo', asIs, asIs, { deadline: Date.now() + TIMEOUT_MS });
    call.write(LIST_SERVICES);
    call.end();
    let names = '';
    for await (const bytes of call) names += (bytes as Buffer).toString('latin1');
    return names;
  });
}

async function withClient<T>(address: string, work: (client: Client) => Promise<T>): Promise<T> {
  const client = new Client(address, credentials.createInsecure());
  try {
    return await work(client);
  } finally {
    client.close();
  }
}
