import { connect } from 'node:net';
import { REQUEST_TIMEOUT_MS } from './limits.mjs';

const HEAD_END = Buffer.from('\r\n\r\n');

/**
 * A GET client on one connection, one request at a time, that does next to nothing: an HTTP client of full size would take
 * longer than the servers that it measures.
 */
export class KeepAliveClient {
  #socket;
  #pending;
  #reconnects = -1;

  constructor(port) {
    this.port = port;
  }

  /** How often the server closed a connection that could have been used again. */
  get reconnects() {
    return Math.max(0, this.#reconnects);
  }

  /** @returns {Promise<{ status: number, body: Buffer, elapsedMs: number }>} from the first byte sent to the last received */
  async get(path) {
    await this.#connected();
    const request = `GET ${path} HTTP/1.1\r\nHost: 127.0.0.1:${this.port}\r\n\r\n`;
    const start = process.hrtime.bigint();
    const { status, body } = await new Promise((resolve, reject) => {
      this.#pending = { resolve, reject, bytes: Buffer.alloc(0), head: undefined };
      this.#socket.write(request);
    });
    return { status, body, elapsedMs: Number(process.hrtime.bigint() - start) / 1e6 };
  }

  close() {
    this.#socket?.destroy();
  }

  async #connected() {
    if (this.#socket?.writable) return;
    this.#reconnects++;
    const socket = connect({ port: this.port, host: '127.0.0.1', noDelay: true });
    this.#socket = socket;
    await new Promise((resolve, reject) => socket.once('connect', resolve).once('error', reject));
    socket.setTimeout(REQUEST_TIMEOUT_MS, () => socket.destroy(new Error(`no answer within ${REQUEST_TIMEOUT_MS} ms`)));
    socket.on('data', (chunk) => this.#receive(chunk));
    socket.on('error', (error) => this.#pending?.reject(error));
    socket.on('close', () => this.#pending?.reject(new Error('the server closed the connection before its answer was whole')));
  }

  #receive(chunk) {
    const pending = this.#pending;
    if (pending === undefined) return;
    pending.bytes = pending.bytes.length === 0 ? chunk : Buffer.concat([pending.bytes, chunk]);
    try {
      pending.head ??= parseHead(pending.bytes);
    } catch (error) {
      return pending.reject(error);
    }
    if (pending.head === undefined || pending.bytes.length < pending.head.endBytes) return;
    this.#pending = undefined;
    if (pending.head.closes) this.#socket.destroy();
    pending.resolve({ status: pending.head.status, body: pending.bytes.subarray(pending.head.startBytes, pending.head.endBytes) });
  }
}

function parseHead(bytes) {
  const end = bytes.indexOf(HEAD_END);
  if (end < 0) return undefined;
  const head = bytes.toString('latin1', 0, end);
  const status = Number(/^HTTP\/1\.1 (\d{3})/.exec(head)?.[1]);
  const length = /\r\ncontent-length: (\d+)/i.exec(head)?.[1];
  if (!status || length === undefined) throw new Error(`an answer without status or length: ${head.slice(0, 200)}`);
  const startBytes = end + HEAD_END.length;
  return { status, startBytes, endBytes: startBytes + Number(length), closes: /\r\nconnection: close/i.test(head) };
}
