import { execFileSync } from 'node:child_process';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { CommandLine, type Ran } from './cli.js';

const PROGRAM = 'int twice(int n) { return n ADD; } int main(int argc, char **argv) { (void)argv; return twice(argc); }';
const RELEASES = { v1: '* 2', v2: '* 2 + 1', v3: '* 3', v4: '* 4' } as const;

export type SmallRelease = keyof typeof RELEASES;

export interface Answer {
  readonly exitCode: number;
  readonly name: string;
  readonly bundleSha256: string;
  readonly isCached: boolean;
  readonly unmet: readonly string[];
  readonly error: Ran['error'];
}

/** Releases that are built, lifted and weighed in a second: each changes one function of the first. */
export class SmallReleases {
  constructor(private readonly folder: string) {
    for (const [name, add] of Object.entries(RELEASES)) {
      writeFileSync(join(folder, `${name}.c`), PROGRAM.replace('ADD', add));
      execFileSync('gcc', ['-O1', '-g', '-fno-inline', '-o', join(folder, name), join(folder, `${name}.c`)]);
    }
  }

  path(release: SmallRelease): string {
    return join(this.folder, release);
  }

  sha256(release: SmallRelease): string {
    return execFileSync('sha256sum', [this.path(release)], { encoding: 'utf8' }).slice(0, 64);
  }

  /** May it take the place of the first? Its bundle is `<release>.bundle.json` in the folder of the command line. */
  async gate(stella: CommandLine, release: SmallRelease): Promise<Answer> {
    const words = ['--baseline', this.path('v1'), '--candidate', this.path(release), '--baseline-runs', '--claim', 'changes twice', '--bundle', `${release}.bundle.json`];
    const { exitCode, answer, error } = await stella.run('gate', ...words);
    const { name = '', bundleSha256 = '', cached = false, unmetRules = [] } = answer?.verdict ?? {};
    return { exitCode, name, bundleSha256, isCached: cached, unmet: (unmetRules as { rule: string }[]).map(({ rule }) => rule), error };
  }
}
