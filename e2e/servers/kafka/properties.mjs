const HOST = '127.0.0.1';

/**
 * One node that is broker and controller (KRaft), on loopback. Topics are made by whoever owns them, as in production:
 * a misspelt name is an error, not a new topic.
 * @param {{ data: string, ports: { broker: number, controller: number, behindProxy: number, proxy: number } }} where
 */
export function serverProperties({ data, ports }) {
  const properties = {
    'process.roles': 'broker,controller',
    'node.id': 1,
    'controller.quorum.voters': `1@${HOST}:${ports.controller}`,
    'controller.listener.names': 'CONTROLLER',
    'inter.broker.listener.name': 'PLAINTEXT',
    listeners: `PLAINTEXT://${HOST}:${ports.broker},BEHIND_PROXY://${HOST}:${ports.behindProxy},CONTROLLER://${HOST}:${ports.controller}`,
    'advertised.listeners': `PLAINTEXT://${HOST}:${ports.broker},BEHIND_PROXY://${HOST}:${ports.proxy}`,
    'listener.security.protocol.map': 'PLAINTEXT:PLAINTEXT,BEHIND_PROXY:PLAINTEXT,CONTROLLER:PLAINTEXT',
    'log.dirs': data,
    'auto.create.topics.enable': false,
    'num.partitions': 3,
    'num.network.threads': 2,
    'num.io.threads': 2,
    // There is one node: nothing can have more than one replica.
    'default.replication.factor': 1,
    'offsets.topic.replication.factor': 1,
    'offsets.topic.num.partitions': 3,
    'transaction.state.log.replication.factor': 1,
    'transaction.state.log.min.isr': 1,
    'transaction.state.log.num.partitions': 3,
    'share.coordinator.state.topic.replication.factor': 1,
    'share.coordinator.state.topic.min.isr': 1,
    'share.coordinator.state.topic.num.partitions': 3,
    'group.initial.rebalance.delay.ms': 0,
    // By default half of this broker's heap: once a thousand partitions had been loaded there was no room for it.
    'log.cleaner.dedupe.buffer.size': 4 << 20,
    // What suites delete is gone before the next start has to load it.
    'log.segment.delete.delay.ms': 1_000,
  };
  return Object.entries(properties).map(([name, value]) => `${name}=${value}\n`).join('');
}
