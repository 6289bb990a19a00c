import http, { type ClientRequest, type IncomingMessage, type RequestOptions } from 'node:http';
import https from 'node:https';
import { ERROR_BODY_BYTES_MAX } from '../limits.js';
import { isTransientStatus, S3StatusError } from './s3-errors.js';

export interface Timeouts {
  readonly idleMs: number;
  readonly answerMs: number;
}

/**
 * Node's HTTP with an end to waiting, which minio's client has none of: for the head of an answer, and for each next
 * byte. An answer that asks to come again is an error with its code, as minio's client would drop that.
 */
export function s3Transport(isTls: boolean, timeouts: Timeouts): Pick<typeof http, 'request'> {
  const { request } = isTls ? https : http;
  return {
    request(options: RequestOptions, onResponse: (response: IncomingMessage) => void): ClientRequest {
      const sent = request({ ...options, timeout: timeouts.idleMs }, (response) => {
        clearTimeout(late);
        if (!isTransientStatus(response.statusCode ?? 0)) return onResponse(response);
        void codeIn(response).then((code) => sent.emit('error', new S3StatusError(response.statusCode ?? 0, code)));
      });
      const giveUp = () => sent.destroy(Object.assign(new Error('the blob store does not answer in time'), { code: 'ETIMEDOUT' }));
      const late = setTimeout(giveUp, timeouts.answerMs);
      sent.once('timeout', giveUp).once('close', () => clearTimeout(late));
      return sent;
    },
  } as Pick<typeof http, 'request'>;
}

async function codeIn(response: IncomingMessage): Promise<string> {
  let text = '';
  try {
    for await (const chunk of response.setEncoding('utf8')) {
      text += chunk as string;
      if (text.length > ERROR_BODY_BYTES_MAX) break;
    }
  } catch {
    // The status says enough.
  }
  return /<Code>([A-Za-z0-9.]{1,100})<\/Code>/.exec(text)?.[1] ?? `status ${response.statusCode}`;
}
