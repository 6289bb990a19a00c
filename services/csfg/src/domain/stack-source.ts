import { createHash } from 'node:crypto';
import { DomainError } from '@stella/errors';
import { parseNative, parseTrace, scrubText } from '@stella/stack-fingerprint';
import { scrubPrinted } from './scrub-printed.js';

/** A stack as somebody sent it; it may name people and machines. */
export type SentSource =
  | { readonly kind: 'text'; readonly text: string }
  | { readonly kind: 'native-json'; readonly json: Uint8Array };

/** The same without what names people and machines. Everything that is stored or compared is made of this. */
export interface StackSource {
  readonly kind: 'text' | 'native-json';
  readonly body: string;
}

/**
 * Scrubs a stack before anything else is done with it.
 *
 * @throws DomainError STACK_EMPTY, STACK_MALFORMED, STACK_TOO_LARGE
 */
export function scrubSource(sent: SentSource, sizeBytesMax: number): StackSource {
  const source = sent.kind === 'text' ? scrubSentText(sent.text, sizeBytesMax) : scrubNative(decodeUtf8(sent.json), sizeBytesMax);
  requireSize(source.body, sizeBytesMax);
  return source;
}

/** Who sends the same stack twice has sent one stack. 64 hexadecimal digits. */
export function stackIdOf(tenant: string, source: StackSource): string {
  const hash = createHash('sha256').update('stella/csfg/stack/1\0');
  for (const part of [tenant, source.kind, source.body]) hash.update(`${Buffer.byteLength(part)}:${part}`);
  return hash.digest('hex');
}

function scrubSentText(text: string, sizeBytesMax: number): StackSource {
  requireSize(text, sizeBytesMax);
  const native = parseTrace(text).format === 'native';
  return native ? scrubNative(text, sizeBytesMax) : { kind: 'text', body: storable(scrubPrinted(text)) };
}

/** Keeps of a native stack what identifies code: no absolute address, no thread id, no folder. */
function scrubNative(json: string, sizeBytesMax: number): StackSource {
  requireSize(json, sizeBytesMax);
  const trace = parseNative(parseJson(json));
  // The signal is told by its number in the documented shape; the members that are dropped vary from run to run.
  const threads = (parseJson(json) as { threads: Record<string, unknown>[] }).threads.map((thread, at) => ({
    crashed: thread['crashed'] === true,
    ...(typeof thread['signal'] === 'number' && { signal: thread['signal'] }),
    frames: (trace.threads[at]?.frames ?? []).map((frame) => ({
      ...(frame.module !== undefined && { module: scrubModule(frame.module) }),
      ...(frame.moduleOffset !== undefined && { moduleOffset: frame.moduleOffset }),
      ...(frame.gnuBuildId !== undefined && { gnuBuildId: frame.gnuBuildId }),
      ...(frame.function !== undefined && { symbol: scrubSymbol(frame.function) }),
      trust: frame.trust,
    })),
  }));
  return { kind: 'native-json', body: JSON.stringify({ threads }) };
}

function scrubModule(module: string): string {
  return storable(scrubText(module.split('/').at(-1) ?? ''));
}

/** A linker's name can hold no path; scrubbing it would take a long mangled name for a token. */
function scrubSymbol(symbol: string): string {
  return /^[\w$.@]+$/.test(symbol) ? symbol : storable(scrubText(symbol));
}

/** PostgreSQL holds neither lone surrogates nor NUL. */
function storable(text: string): string {
  return text.toWellFormed().replaceAll('\0', '\uFFFD');
}

function decodeUtf8(bytes: Uint8Array): string {
  try {
    return new TextDecoder('utf-8', { fatal: true }).decode(bytes);
  } catch (cause) {
    throw new DomainError('STACK_MALFORMED', { at: '/', expected: 'UTF-8' }, { cause });
  }
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch (cause) {
    throw new DomainError('STACK_MALFORMED', { at: '/', expected: 'one JSON object' }, { cause });
  }
}

function requireSize(text: string, sizeBytesMax: number): void {
  const sizeBytes = Buffer.byteLength(text);
  if (sizeBytes > sizeBytesMax) throw new DomainError('STACK_TOO_LARGE', { sizeBytes: String(sizeBytes), sizeBytesMax: String(sizeBytesMax) });
}
