import { execFileSync } from 'node:child_process';
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

/** What may differ between two builds of the test's program. */
export interface Variant {
  readonly constant?: number;
  readonly callee?: 'first' | 'second';
  readonly tableByte?: number;
  readonly extra?: string;
}

function source({ constant = 7, callee = 'first', tableByte = 3, extra = '' }: Variant): string {
  return `
const unsigned char lookup_table[16] = {1, 2, ${tableByte}, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16};
volatile int sink;
__attribute__((noinline)) int first(int x) { sink = x; return x * 11 + 1; }
__attribute__((noinline)) int second(int x) { sink = x; return x * 13 + 2; }
__attribute__((noinline)) int scale(int x) { sink = x; return x * 3 + ${constant}; }
__attribute__((noinline)) int chooser(int x) { return ${callee}(x) + 5; }
__attribute__((noinline)) int from_table(int x) { sink = x; return lookup_table[x & 15]; }
${extra}
int main(int argc, char **argv) { (void)argv; return scale(argc) + chooser(argc) + from_table(argc) + first(argc) + second(argc); }
`;
}

/** Compiles into a folder of the test; the same variant gives the same bytes. */
export class Compiler {
  #serial = 0;

  constructor(private readonly folder: string) {}

  program(variant: Variant = {}): Buffer {
    return readFileSync(this.#build(variant, ['-O1']));
  }

  /** With debug information, and the file of that alone. */
  withDebugFile(variant: Variant = {}): { program: Buffer; debug: Buffer } {
    const path = this.#build(variant, ['-O1', '-g']);
    execFileSync('objcopy', ['--only-keep-debug', path, `${path}.debug`]);
    execFileSync('strip', [path]);
    return { program: readFileSync(path), debug: readFileSync(`${path}.debug`) };
  }

  object(): Buffer {
    return readFileSync(this.#build({}, ['-O1', '-c']));
  }

  #build(variant: Variant, flags: readonly string[]): string {
    const name = join(this.folder, `program${this.#serial++}`);
    // One name of the source: the compiler writes it into the program.
    const file = join(this.folder, 'program.c');
    writeFileSync(file, source(variant));
    execFileSync('gcc', [...flags, '-o', name, file]);
    return name;
  }
}
