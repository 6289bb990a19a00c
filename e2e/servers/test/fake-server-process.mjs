// The process of `fakeServer`: <folder> <port> <mode>
import { spawn } from 'node:child_process';
import { appendFileSync } from 'node:fs';
import { createServer } from 'node:http';
import { join } from 'node:path';

const [folder, port, mode] = process.argv.slice(2);
appendFileSync(join(folder, 'starts'), `${process.pid}\n`);
if (mode === 'stubborn') process.on('SIGTERM', () => {});
if (mode === 'with child') spawn('sleep', ['600'], { stdio: 'ignore' }).on('spawn', () => listen());
else if (mode === 'broken') fail('line one\nthe reason why', 3);
else listen();

function listen() {
  createServer((_request, response) => {
    response.statusCode = mode === 'ill' ? 503 : 200;
    response.end('fake');
  })
    .on('error', (error) => fail(error.message, 1))
    .listen(Number(port), '127.0.0.1');
}

function fail(message, code) {
  process.stderr.write(`${message}\n`);
  process.exit(code);
}
