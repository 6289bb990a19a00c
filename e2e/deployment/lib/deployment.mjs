import { rm } from 'node:fs/promises';
import { join } from 'node:path';
import { environmentOf } from './environment.mjs';
import { removeResources } from './resources.mjs';
import { ServiceProcess } from './service-process.mjs';
import { SERVICES } from './services.mjs';

/** A start is mostly computing: more at once would only make each wait longer. */
const STARTS_AT_ONCE = 2;

/** An installation of one organisation: every service in processes of its own. See `index.d.mts`. */
export class Deployment {
  /** @type {readonly ServiceProcess[]} */
  processes;
  #parts;

  constructor(parts) {
    this.#parts = parts;
    this.organisation = parts.organisation;
    this.folder = parts.folder;
    this.trustRootPath = join(parts.folder, 'trust', 'trust-root.json');
    this.rootKeysPath = join(parts.folder, 'trust', 'root-keys.pem');
    this.publisherKeyPath = join(parts.folder, 'keys', 'publisher', 'publisher-key.pem');
    this.resources = parts.resources;
    this.processes = SERVICES.flatMap((service) =>
      parts.replicas[service].map((replica) => new ServiceProcess(service, replica, environmentOf(service, parts, replica), join(parts.folder, 'logs', `${replica.name}.log`))),
    );
  }

  /** How the pipeline of the organisation reaches it. */
  get connection() {
    const { identity } = this.#parts;
    const { clientId, clientSecret } = identity.clients.pipeline;
    return {
      grpcAddress: this.of('gate')[0].grpcAddress,
      grpcAddresses: Object.fromEntries(SERVICES.map((service) => [service, this.of(service)[0].grpcAddress])),
      httpAddress: this.of('fbpe')[0].httpAddress,
      issuer: identity.issuer,
      tokenEndpoint: `${identity.issuer}/protocol/openid-connect/token`,
      audience: identity.audience,
      clientId,
      clientSecret,
    };
  }

  of(service) {
    return this.processes.filter((process) => process.service === service);
  }

  async migrate() {
    await fewAtOnce(SERVICES.map((service) => this.of(service)[0]), async (process) => {
      process.start('migrate');
      const { code } = await process.exited();
      if (code !== 0) throw new Error(`${process.name}: the migration ended with ${code}; see ${process.log}`);
    });
  }

  async start() {
    await fewAtOnce(this.processes, async (process) => {
      process.start();
      await process.ready();
    });
  }

  async ready() {
    await Promise.all(this.processes.map((process) => process.ready()));
  }

  /** @returns what each ended with */
  async stop() {
    return Promise.all(this.processes.map(async (process) => ({ name: process.name, ...(await process.stop()) })));
  }

  memoryBytes() {
    return this.processes.reduce((sum, process) => sum + process.memoryBytes(), 0);
  }

  /** Stops it, and takes everything away that it had. */
  async remove() {
    await Promise.allSettled(this.processes.map((process) => process.kill()));
    await removeResources(this.resources, this.#parts.servers);
    await rm(this.folder, { recursive: true, force: true });
  }
}

async function fewAtOnce(processes, work) {
  const waiting = [...processes];
  const next = async () => {
    for (let process = waiting.shift(); process; process = waiting.shift()) await work(process);
  };
  await Promise.all(Array.from({ length: STARTS_AT_ONCE }, next));
}
