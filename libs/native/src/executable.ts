import { existsSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { DomainError } from '@stella/errors';

/**
 * The path of `stella-native`: the environment's STELLA_NATIVE, else the release build of this checkout.
 * @throws NATIVE_MISSING
 */
export function nativeExecutable(environment: NodeJS.ProcessEnv = process.env): string {
  const named = environment.STELLA_NATIVE;
  const path = named !== undefined && named !== '' ? named : releaseBuild();
  if (!existsSync(path)) throw new DomainError('NATIVE_MISSING', { path });
  return path;
}

function releaseBuild(): string {
  // One level below the package in `src/` as in `dist/`.
  const packageDir = dirname(dirname(fileURLToPath(import.meta.url)));
  return join(packageDir, '..', '..', 'target', 'release', 'stella-native');
}
