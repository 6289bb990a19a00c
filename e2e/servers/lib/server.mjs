/**
 * One kind of server: how it is installed, started and asked. `supervise.mjs` does the rest.
 * @typedef {object} Server
 * @property {string} name under which its address stands in `servers.json`
 * @property {readonly string[]} ports what it listens on; the first is `STELLA_E2E_<NAME>_PORT`, others add their own name
 * @property {readonly string[]} [portsOfOthers] what it tells its clients and somebody else listens on, as a proxy
 * @property {string} [stopSignal] default: SIGTERM
 * @property {() => Promise<any>} install returns where it is installed, from the cache or made
 * @property {(start: Start) => Promise<Plan>} plan decides and writes nothing: the same plan means that nothing has to be started anew
 * @property {(start: Start) => Promise<void>} [prepare] the data folder, before the process starts
 * @property {(folder: string) => Promise<void>} [stopLeftOvers] what outlived a killed server
 * @property {(address: any) => Promise<void>} check throws unless the server does its work
 *
 * @typedef {object} Start
 * @property {string} folder of this server
 * @property {Readonly<Record<string, number>>} ports
 * @property {any} installation what `install` returned
 *
 * @typedef {object} Plan
 * @property {{ command: string, args: readonly string[], env?: Record<string, string>, account?: { uid: number, gid: number } }} launch
 * @property {Readonly<Record<string, string>>} [files] content by path below the folder, written before `prepare`
 * @property {Readonly<Record<string, unknown>>} address what users of the server need
 */
export {};
