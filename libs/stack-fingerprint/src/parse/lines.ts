import { DomainError } from '@stella/errors';
import { limits } from '../limits.js';

const ANSI = /\u001b\[[0-9;]{0,32}m/g;

/**
 * Splits a trace's text into lines, without terminal colours.
 *
 * @throws DomainError STACK_EMPTY, STACK_TOO_LARGE
 */
export function toLines(text: string): string[] {
  // A UTF-16 unit takes at most 3 bytes: short texts need no exact count.
  const sizeBytes = text.length * 3 <= limits.textBytesMax ? 0 : Buffer.byteLength(text, 'utf8');
  if (sizeBytes > limits.textBytesMax) {
    throw new DomainError('STACK_TOO_LARGE', {
      sizeBytes: String(sizeBytes),
      sizeBytesMax: String(limits.textBytesMax),
    });
  }
  if (text.trim() === '') throw new DomainError('STACK_EMPTY', {});
  return text.replace(ANSI, '').split(/\r\n|\n|\r/);
}
