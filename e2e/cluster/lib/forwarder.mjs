// node lib/forwarder.mjs ADDRESS PORT…: hands connections to ADDRESS:PORT on to the same port of loopback, where servers
// of the tests listen. A program of its own, so that it outlives whoever started it.
import { connect, createServer } from 'node:net';

const [address, ...ports] = process.argv.slice(2);
for (const port of ports.map(Number)) {
  const server = createServer({ allowHalfOpen: true, noDelay: true }, (incoming) => {
    const outgoing = connect({ port, host: '127.0.0.1', allowHalfOpen: true, noDelay: true });
    incoming.on('error', () => outgoing.destroy());
    outgoing.on('error', () => incoming.destroy());
    incoming.on('close', () => outgoing.destroy());
    outgoing.on('close', () => incoming.destroy());
    incoming.pipe(outgoing).pipe(incoming);
  });
  server.on('error', (error) => {
    console.error(`${address}:${port}: ${error.message}`);
    process.exit(1);
  });
  server.listen(port, address, () => console.log(`${address}:${port}`));
}
process.once('SIGTERM', () => process.exit(0));
