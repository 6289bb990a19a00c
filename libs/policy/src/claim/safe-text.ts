/** Why a text may not stand in a claim or reason; undefined when it may. */
export type UnsafeText = 'EMPTY' | 'TOO_LONG' | 'NOT_NFC' | 'CONTROL' | 'BIDIRECTIONAL' | 'INVISIBLE' | 'LONE_SURROGATE';

// Unicode TR36 and TR39: what makes a line look other than it is.
const BIDIRECTIONAL = /[\u061c\u200e\u200f\u202a-\u202e\u2066-\u2069]/u;
const INVISIBLE = /[\u00ad\u034f\u115f\u1160\u17b4\u17b5\u180b-\u180f\u200b-\u200d\u2028\u2029\u2060-\u2065\u206a-\u206f\u3164\ufe00-\ufe0f\ufeff\uffa0\ufff9-\ufffb\u{e0000}-\u{e0fff}]/u;
const CONTROL = /[\u0000-\u001f\u007f-\u009f]/u;

/** Texts of strangers that people read and rules compare: one normal form, nothing invisible, nothing that turns the line. */
export function unsafeText(text: string, bytesMax: number): UnsafeText | undefined {
  if (text.length === 0) return 'EMPTY';
  if (text.length > bytesMax || Buffer.byteLength(text) > bytesMax) return 'TOO_LONG';
  if (!text.isWellFormed()) return 'LONE_SURROGATE';
  if (CONTROL.test(text)) return 'CONTROL';
  if (BIDIRECTIONAL.test(text)) return 'BIDIRECTIONAL';
  if (INVISIBLE.test(text)) return 'INVISIBLE';
  if (text.normalize('NFC') !== text) return 'NOT_NFC';
  return undefined;
}
