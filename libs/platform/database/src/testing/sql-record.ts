import { mkdir, readFile, rename, rm, writeFile } from 'node:fs/promises';
import { dirname } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { observeStatements } from '../statement-observer.js';

/** `update` adds what runs to the records; anything else holds it against them. */
const MODE = 'STELLA_SQL_RECORD';
const HEAD = '-- The SQL that runs, as tests saw it, so that a review sees a query change. `npm run record-sql` makes it anew.';
const CLAUSES = /(?<!\b(?:DELETE|CROSS|LEFT|epoch))\s(?=(?:FROM|WHERE|ORDER BY|GROUP BY|LIMIT|VALUES|SET|ON CONFLICT|RETURNING|UNION ALL|(?:LEFT |CROSS )?JOIN)\b)/g;
const LOCK_POLL_MS = 20;
const LOCK_ATTEMPTS_MAX = 500;
/** Asked by probes; nobody reviews it. */
const TRIVIAL = new Set(['SELECT 1']);

/** One form for a statement however it is laid out in the code: comments and breaks gone, blanks single. */
export function normalise(text: string): string {
  return text
    .replace(/--[^\n]*/g, '')
    .replace(/\s+/g, ' ')
    .replace(/[; ]+$/, '')
    .trim();
}

/** The statements of a record. */
export function parseRecord(text: string): string[] {
  return text
    .split(/;\n/)
    .map(normalise)
    .filter((statement) => statement !== '');
}

export function formatRecord(statements: Iterable<string>): string {
  const sorted = [...new Set(statements)].sort();
  return [HEAD, ...sorted.map((statement) => `${outsideQuotes(statement, (part) => part.replace(CLAUSES, '\n  '))};`)].join('\n\n') + '\n';
}

/** Whose record a statement belongs to; undefined: to none. */
export type RecordOf = (database: string, statement: string) => string | undefined;

/** Sees what runs from now on; `finish` adds it to the records, or fails on what is not in them. */
export class SqlRecorder {
  readonly #seen = new Map<string, Set<string>>();
  readonly #texts = new Map<string, string>();
  readonly #end: () => void;

  constructor(recordOf: RecordOf) {
    this.#end = observeStatements((database, text) => {
      const statement = this.#texts.get(text) ?? normalise(text);
      this.#texts.set(text, statement);
      const record = TRIVIAL.has(statement) ? undefined : recordOf(database, statement);
      if (record !== undefined) this.#seen.set(record, (this.#seen.get(record) ?? new Set()).add(statement));
    });
  }

  /** @throws Error naming the statements that no record has, and the command that adds them */
  async finish(): Promise<void> {
    this.#end();
    const isUpdate = process.env[MODE] === 'update';
    const missing: string[] = [];
    for (const [path, statements] of this.#seen) {
      if (isUpdate) await add(path, statements);
      else missing.push(...[...statements].filter(notIn(await read(path))).map((statement) => `${path}: ${statement}`));
    }
    if (missing.length > 0) throw new Error(`SQL ran that is not recorded; look at it, then run \`npm run record-sql\`:\n${missing.join('\n')}`);
  }
}

async function read(path: string): Promise<string[]> {
  return parseRecord(await readFile(path, 'utf8').catch(() => ''));
}

/** Several test files of a project add to its record at once. */
async function add(path: string, statements: ReadonlySet<string>): Promise<void> {
  await mkdir(dirname(path), { recursive: true });
  const lock = `${path}.lock`;
  for (let attempt = 1; ; attempt++) {
    if (await mkdir(lock).then(() => true, () => false)) break;
    if (attempt >= LOCK_ATTEMPTS_MAX) throw new Error(`${lock} was left by a test that was killed: remove it`);
    await delay(LOCK_POLL_MS);
  }
  try {
    await writeFile(`${path}.new`, formatRecord([...(await read(path)), ...statements]));
    await rename(`${path}.new`, path);
  } finally {
    await rm(lock, { recursive: true });
  }
}

function notIn(known: readonly string[]): (statement: string) => boolean {
  const set = new Set(known);
  return (statement) => !set.has(statement);
}

function outsideQuotes(text: string, change: (part: string) => string): string {
  return text
    .split(/('(?:[^']|'')*')/)
    .map((part, index) => (index % 2 === 0 ? change(part) : part))
    .join('');
}
