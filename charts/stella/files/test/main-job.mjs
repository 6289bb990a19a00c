// `helm test`: asks every service whether it serves; with an account, decides about a release in small. It runs in an
// image of a service, from that image's own modules.
import { createHash, randomUUID } from 'node:crypto';
import { readFileSync, readdirSync } from 'node:fs';
import { createRequire } from 'node:module';
import { pathToFileURL } from 'node:url';

const SERVING = 1;
const DEADLINE_MS = 120_000;
const resolve = createRequire('/app/main.js').resolve;
const load = (name) => import(pathToFileURL(resolve(name)).href);
const grpc = await load('@grpc/grpc-js');
const addresses = Object.fromEntries(process.env.ADDRESSES.split(',').map((one) => one.split('=')));
const credentials = process.env.TLS_CA_FILE ? grpc.credentials.createSsl(readFileSync(process.env.TLS_CA_FILE), ...(process.env.TLS_KEY_FILE ? [readFileSync(process.env.TLS_KEY_FILE), readFileSync(process.env.TLS_CERTIFICATE_FILE)] : [])) : grpc.credentials.createInsecure();

for (const [name, address] of Object.entries(addresses)) {
  const client = new grpc.Client(address, credentials);
  const answer = await unary(client, '/grpc.health.v1.Health/Check', (bytes) => bytes, (bytes) => bytes, Buffer.alloc(0));
  // HealthCheckResponse: field 1, the status.
  if (answer[0] !== 0x08 || answer[1] !== SERVING) throw new Error(`${name} does not serve: ${answer.toString('hex')}`);
  console.log(`serving  ${name}`);
  client.close();
}
if (process.env.CLIENT_ID) await decide();
else console.log('no account: nothing was decided (test.existingSecret)');

/** Two small builds that every image has; what the policy says of them does not matter, that it is said and signed does. */
async function decide() {
  const { DeltaIndexServiceService: psdiCalls } = await load('@stella/contracts/stella/psdi/v1alpha/psdi');
  const { GateServiceService: gateCalls } = await load('@stella/contracts/stella/gate/v1alpha/gate');
  const metadata = new grpc.Metadata();
  metadata.set('authorization', `Bearer ${await token()}`);
  const psdi = new grpc.Client(addresses.psdi, credentials);
  const [baseline, candidate] = await Promise.all(['libdl.so.2', 'libutil.so.1'].map((name) => upload(psdi, psdiCalls.uploadArtifact, metadata, library(name))));
  console.log(`uploaded ${baseline} and ${candidate}`);
  const { createDelta } = psdiCalls;
  const { delta } = await unary(psdi, createDelta.path, createDelta.requestSerialize, createDelta.responseDeserialize, { requestId: randomUUID(), baselineSha256: baseline, candidateSha256: candidate }, metadata);
  console.log(`proved   ${delta.name}`);
  psdi.close();
  const gate = new grpc.Client(addresses.gate, credentials);
  const { evaluateRelease } = gateCalls;
  const request = { baseline: artifact(baseline, 'baseline'), candidate: artifact(candidate, 'candidate'), claims: [], policy: 'policies/standard', baselineBasis: 'runs', fresh: true };
  const events = gate.makeServerStreamRequest(evaluateRelease.path, evaluateRelease.requestSerialize, evaluateRelease.responseDeserialize, request, metadata, { deadline: Date.now() + DEADLINE_MS });
  let verdict;
  for await (const { event } of events) if (event?.$case === 'verdict') verdict = event.value;
  if (!verdict?.statement) throw new Error('no signed verdict came');
  console.log(`decided  ${verdict.name}, outcome ${verdict.outcome}`);
  gate.close();
}

function artifact(sha256, version) {
  return { sha256, label: `helm-test@${version}`, resourceUri: '' };
}

function library(name) {
  const folder = ['/lib/x86_64-linux-gnu', '/usr/lib/x86_64-linux-gnu'].find((one) => readdirSync(one).includes(name));
  return readFileSync(`${folder}/${name}`);
}

async function token() {
  const { ISSUER: issuer, AUDIENCE: audience, CLIENT_ID: id, CLIENT_SECRET: secret } = process.env;
  const { token_endpoint: endpoint } = await json(await fetch(`${issuer}/.well-known/openid-configuration`));
  const basic = Buffer.from(`${encodeURIComponent(id)}:${encodeURIComponent(secret)}`).toString('base64');
  const body = new URLSearchParams({ grant_type: 'client_credentials', resource: audience });
  return (await json(await fetch(endpoint, { method: 'POST', body, headers: { authorization: `Basic ${basic}` } }))).access_token;
}

async function json(response) {
  if (!response.ok) throw new Error(`${response.url}: ${response.status}`);
  return response.json();
}

function upload(client, { path, requestSerialize, responseDeserialize }, metadata, bytes) {
  const sha256 = createHash('sha256').update(bytes).digest('hex');
  return new Promise((done, failed) => {
    const call = client.makeClientStreamRequest(path, requestSerialize, responseDeserialize, metadata, { deadline: Date.now() + DEADLINE_MS }, (error) => (error ? failed(error) : done(sha256)));
    call.write({ part: { $case: 'header', value: { sha256, sizeBytes: BigInt(bytes.length), label: 'helm test' } } });
    call.write({ part: { $case: 'chunk', value: { data: bytes } } });
    call.end();
  });
}

function unary(client, path, serialize, deserialize, request, metadata = new grpc.Metadata()) {
  return new Promise((done, failed) => client.makeUnaryRequest(path, serialize, deserialize, request, metadata, { deadline: Date.now() + DEADLINE_MS }, (error, answer) => (error ? failed(error) : done(answer))));
}
