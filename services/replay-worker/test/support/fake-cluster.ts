import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { KubeConfig, type V1ContainerState, type V1Job, type V1Pod } from '@kubernetes/client-node';

/** What becomes of a Job that was made; the test is its scheduler and kubelet. */
export type Kubelet = (pod: FakePod, job: V1Job, attempt: number) => Promise<void> | void;

/** An API server on loopback that knows Jobs and their pods, as far as a worker asks for them. */
export class FakeCluster {
  readonly jobs = new Map<string, V1Job>();
  readonly made: V1Job[] = [];
  readonly pods = new Map<string, V1Pod>();
  readonly #watchers = new Set<{ readonly jobName: string; readonly response: ServerResponse }>();
  readonly #history: { readonly version: number; readonly jobName: string; readonly line: string }[] = [];
  #version = 1;
  /** Answered in place of a creation, once each. */
  readonly refusals: { readonly code: number; readonly message: string }[] = [];

  private constructor(
    private readonly server: Server,
    private readonly kubelet: Kubelet,
  ) {
    server.on('request', (request: IncomingMessage, response: ServerResponse) => {
      this.#answer(request, response).catch((error: unknown) => response.writeHead(500).end(String(error)));
    });
  }

  static async start(kubelet: Kubelet): Promise<FakeCluster> {
    const server = createServer();
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    return new FakeCluster(server, kubelet);
  }

  get config(): KubeConfig {
    const config = new KubeConfig();
    const { port } = this.server.address() as AddressInfo;
    config.loadFromClusterAndUser({ name: 'fake', server: `http://127.0.0.1:${port}`, skipTLSVerify: true }, { name: 'fake', token: 'fake' });
    return config;
  }

  async stop(): Promise<void> {
    const closed = new Promise((resolve) => this.server.close(resolve));
    this.server.closeAllConnections();
    await closed;
  }

  /** Every watch ends, as when an API server restarts. */
  cutWatches(): void {
    for (const { response } of this.#watchers) response.destroy();
  }

  removeJob(name: string): void {
    this.jobs.delete(name);
    const pod = this.pods.get(name);
    this.pods.delete(name);
    if (pod) this.#tell('DELETED', pod);
  }

  change(pod: V1Pod): void {
    const name = pod.metadata?.labels?.['batch.kubernetes.io/job-name'] ?? '';
    const isNew = !this.pods.has(name);
    this.pods.set(name, pod);
    this.#tell(isNew ? 'ADDED' : 'MODIFIED', pod);
  }

  async #answer(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const url = new URL(request.url ?? '/', 'http://fake');
    const selector = url.searchParams.get('labelSelector') ?? '';
    const json = (code: number, body: unknown) => response.writeHead(code, { 'content-type': 'application/json' }).end(JSON.stringify(body));
    const status = (code: number, message: string) => json(code, { kind: 'Status', apiVersion: 'v1', status: 'Failure', message, code });
    const name = /\/jobs\/([^/]+)$/.exec(url.pathname)?.[1];
    if (name !== undefined) {
      const job = this.jobs.get(name);
      if (!job) return void status(404, `jobs.batch "${name}" not found`);
      if (request.method === 'DELETE') this.removeJob(name);
      return void json(200, job);
    }
    if (url.pathname.endsWith('/jobs')) {
      if (request.method === 'GET') return void json(200, { kind: 'JobList', apiVersion: 'batch/v1', items: [...this.jobs.values()].filter(({ metadata }) => matches(selector, metadata?.labels)), metadata: {} });
      const refusal = this.refusals.shift();
      const job = JSON.parse(await textOf(request)) as V1Job;
      if (refusal) return void status(refusal.code, refusal.message);
      this.jobs.set(job.metadata?.name ?? '', job);
      this.made.push(job);
      json(201, job);
      return void this.kubelet(new FakePod(this, job), job, this.made.length);
    }
    if (url.searchParams.get('watch') === 'true') {
      response.writeHead(200, { 'content-type': 'application/json' }).flushHeaders();
      const watcher = { jobName: selector.split('=')[1] ?? '', response };
      const since = Number(url.searchParams.get('resourceVersion') ?? 0);
      for (const { version, jobName, line } of this.#history) if (version > since && jobName === watcher.jobName) response.write(line);
      this.#watchers.add(watcher);
      response.once('close', () => this.#watchers.delete(watcher));
      return;
    }
    json(200, { kind: 'PodList', apiVersion: 'v1', metadata: { resourceVersion: String(this.#version) }, items: [...this.pods.values()].filter(({ metadata }) => matches(selector, metadata?.labels)) });
  }

  #tell(type: string, object: V1Pod): void {
    this.#version += 1;
    const jobName = object.metadata?.labels?.['batch.kubernetes.io/job-name'] ?? '';
    const line = `${JSON.stringify({ type, object })}\n`;
    this.#history.push({ version: this.#version, jobName, line });
    for (const watcher of this.#watchers) if (watcher.jobName === jobName) watcher.response.write(line);
  }
}

/** The one pod of a Job. */
export class FakePod {
  constructor(
    private readonly cluster: FakeCluster,
    private readonly job: V1Job,
  ) {}

  env(container: 'inputs' | 'runner'): Record<string, string> {
    const { initContainers = [], containers = [] } = this.job.spec?.template.spec ?? {};
    const found = [...initContainers, ...containers].find(({ name }) => name === container);
    return Object.fromEntries((found?.env ?? []).map(({ name, value }) => [name, value ?? '']));
  }

  is(status: V1Pod['status'], metadata: V1Pod['metadata'] = {}): void {
    const name = this.job.metadata?.name ?? '';
    this.cluster.change({ metadata: { name: `${name}-x`, labels: { 'batch.kubernetes.io/job-name': name }, ...metadata }, status: status ?? {} });
  }

  runner(state: V1ContainerState): void {
    this.is({ phase: 'Running', containerStatuses: [{ name: 'runner', image: '', imageID: '', ready: false, restartCount: 0, state }] });
  }
}

function matches(selector: string, labels: Record<string, string> = {}): boolean {
  return selector.split(',').every((one) => {
    const [key, value] = one.split('=');
    return labels[key ?? ''] === value;
  });
}

async function textOf(request: IncomingMessage): Promise<string> {
  let text = '';
  for await (const chunk of request.setEncoding('utf8')) text += chunk as string;
  return text;
}
