import { parseTrace, scrubName, scrubText } from '@stella/stack-fingerprint';

/** Stands for a name while the text around it is scrubbed; from Unicode's private use area. */
const MARK = '\uE000';
const NAMES_MAX = 256;

/**
 * Takes out of a printed stack what names people and machines. A long word with digits is taken for a secret, unless it
 * is in the name of a frame: else two functions would be stored as one.
 *
 * @throws DomainError STACK_EMPTY, STACK_TOO_LARGE
 */
export function scrubPrinted(text: string): string {
  const names = text.includes(MARK) ? [] : longNames(text);
  const marked = names.reduce((rest, name, at) => rest.replaceAll(name, `${MARK}${at}${MARK}`), text);
  return scrubText(marked).replaceAll(/\uE000(\d{1,3})\uE000/g, (mark, at: string) => {
    const name = names[Number(at)];
    return name === undefined ? mark : scrubName(name);
  });
}

/** Names of frames that would be taken for secrets, the longest first: one may be the beginning of another. */
function longNames(text: string): readonly string[] {
  const frames = parseTrace(text).threads.flatMap((thread) => thread.frames);
  const names = new Set(frames.flatMap((frame) => [frame.function ?? '', frame.file ?? '']));
  const long = [...names].filter((name) => scrubText(name) !== scrubName(name));
  return long.sort((a, b) => b.length - a.length).slice(0, NAMES_MAX);
}
