import { execFile, execFileSync } from 'node:child_process';
import { existsSync, mkdirSync } from 'node:fs';
import { homedir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';

const MODULE = 'github.com/sigstore/cosign/v3/cmd/cosign@v3.1.3';
const BUILD_TIMEOUT_MS = 15 * 60_000;
const FOLDER = join(homedir(), '.cache', 'stella', 'bin');

/** The real tool, built once a user from its Go module; undefined, with why, where that cannot be. */
export function findCosign(): { readonly path: string } | { readonly missing: string } {
  const path = join(FOLDER, 'cosign');
  if (existsSync(path)) return { path };
  try {
    mkdirSync(FOLDER, { recursive: true });
    execFileSync('go', ['install', MODULE], { env: { ...process.env, GOBIN: FOLDER, GOFLAGS: '-mod=mod' }, stdio: 'pipe', timeout: BUILD_TIMEOUT_MS });
    return { path };
  } catch (error) {
    return { missing: `cosign cannot be built by \`go install ${MODULE}\`: ${(error as Error).message.split('\n', 1)[0]}` };
  }
}

export interface CosignRun {
  readonly exitCode: number;
  readonly output: string;
}

/** `cosign verify-blob-attestation` with a plain key; what it writes of its own goes to `home`. */
export async function verifyBlobAttestation(path: string, home: string, { key, bundle, type, file }: { readonly key: string; readonly bundle: string; readonly type: string; readonly file: string }): Promise<CosignRun> {
  const args = ['verify-blob-attestation', '--key', key, '--bundle', bundle, '--type', type, '--insecure-ignore-tlog=true', file];
  try {
    const { stdout, stderr } = await promisify(execFile)(path, args, { env: { PATH: process.env['PATH'], HOME: home }, timeout: 60_000 });
    return { exitCode: 0, output: stdout + stderr };
  } catch (error) {
    const { code, stdout = '', stderr = '' } = error as { code?: number | string; stdout?: string; stderr?: string };
    if (typeof code !== 'number') throw error;
    return { exitCode: code, output: stdout + stderr };
  }
}
