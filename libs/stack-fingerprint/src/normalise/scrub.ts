import { limits } from '../limits.js';

interface Scrubber {
  /** Text without this cannot match: most names of functions and files are done with a look for a character. */
  readonly hint: string;
  readonly pattern: RegExp;
  readonly replacement: string;
}

const scrubber = (hint: string, pattern: RegExp, replacement: string): Scrubber => ({ hint, pattern, replacement });

/** Ordered: a later one sees what the earlier ones left. Each is linear in the text. */
const PERSONAL: readonly Scrubber[] = [
  scrubber('://', /\b([a-z][a-z0-9+.-]{1,31}:\/\/)[^\s/@"'<>]{1,256}@/gi, '$1<credentials>@'),
  scrubber(':', /\b[A-Za-z]:[\\/]+(?:Users|Documents and Settings)[\\/]+[^\\/\s"'()<>|:]{1,255}/gi, '<home>'),
  scrubber('/', /\/(?:home|Users|var\/home|export\/home)\/[^/\s"'():<>|]{1,255}/g, '<home>'),
  scrubber('/root', /(^|[\s"'(=:,[])\/root(?![\w.-])/g, '$1<home>'),
  scrubber(':', /\b[A-Za-z]:[\\/]+(?:Windows[\\/]+)?Temp[\\/]+[^\s"'():<>|]{1,1024}/gi, '<temp>'),
  scrubber('/', /(?:\/private)?\/(?:var\/folders|var\/tmp|tmp|dev\/shm|run\/user)\/[^\s"'():<>|]{1,1024}/g, '<temp>'),
  scrubber('@', /[A-Za-z0-9._%+-]{1,64}@[A-Za-z0-9-]{1,63}(?:\.[A-Za-z0-9-]{1,63}){1,8}/g, '<email>'),
  scrubber('.', /\b\d{1,3}\.\d{1,3}\.\d{1,3}\.\d{1,3}\b/g, '<ip>'),
  scrubber(':', /\b(?:[0-9a-fA-F]{1,4}:){5,7}[0-9a-fA-F]{1,4}\b/g, '<ip>'),
  scrubber('-', /\b[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}\b/gi, '<uuid>'),
];

/** Shapes of secrets: looked for in text of at least the length of the shortest. */
const SECRET_CHARS_MIN = 20;
const SECRETS: readonly Scrubber[] = [
  scrubber('', /\b(?:ghp|gho|ghs|glpat|sk|pk|xox[abprs]|AKIA|eyJ)[-_A-Za-z0-9.]{16,4096}/g, '<token>'),
];
const LONG_WORD_CHARS_MIN = 40;
const LONG_WORD = /[A-Za-z0-9+_-]{40,4096}/g;

/** The same for names of functions, modules and files, where a long word with digits is a mangled name. */
export function scrubName(name: string): string {
  return PERSONAL.reduce(scrub, name);
}

/** Takes user names, home and temporary directories, addresses of people and machines, and tokens out of text. */
export function scrubText(text: string): string {
  const scrubbed = scrubName(text);
  if (scrubbed.length < SECRET_CHARS_MIN) return scrubbed;
  const plain = SECRETS.reduce(scrub, scrubbed);
  // A long name is made of letters; a long secret has digits too.
  return plain.length < LONG_WORD_CHARS_MIN ? plain : plain.replace(LONG_WORD, (word) => (/\d/.test(word) ? '<token>' : word));
}

function scrub(text: string, { hint, pattern, replacement }: Scrubber): string {
  return text.includes(hint) ? text.replace(pattern, replacement) : text;
}

const TEMPLATE: readonly (readonly [pattern: RegExp, replacement: string])[] = [
  [/"[^"\n]{0,512}"/g, '<text>'],
  [/'[^'\n]{2,512}'/g, '<text>'],
  [/`[^`\n]{0,512}`/g, '<text>'],
  [/\b0x[0-9a-fA-F]{1,32}\b/g, '<hex>'],
  [/(?<![A-Za-z_])\d{1,40}(?:[._]\d{1,40}){0,4}(?![A-Za-z_])/g, '<n>'],
];

/** The fixed part of a failure's message: what varies by input is replaced by its kind. */
export function messageTemplate(message: string): string {
  const scrubbed = scrubText(message.slice(0, limits.messageCharsMax));
  const template = TEMPLATE.reduce((text, [pattern, replacement]) => text.replace(pattern, replacement), scrubbed);
  return template.replace(/\s{1,512}/g, ' ').trim();
}
