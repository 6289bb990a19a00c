export { StellaNetwork, type StellaNetworkOptions } from './network.js';
export { StellaNode, type NodeConnection, type StellaNodeOptions } from './node.js';
export type { NodeSettings } from './node-services.js';
export { clientOf } from './peer-nodes.js';
export { demo } from './demo/demo.js';
