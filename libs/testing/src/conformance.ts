import { existsSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { declareMissing } from './missing.js';

const REPOSITORY_PARENT = fileURLToPath(new URL('../../../../', import.meta.url));

/** Folder of the public conformance vectors; nothing of it is copied into the repository. */
export const VECTORS = process.env['STELLA_VECTORS'] ?? `${REPOSITORY_PARENT}shared/data/vectors`;

const REQUIRED = process.env['CI'] !== undefined || process.env['STELLA_REQUIRE_VECTORS'] === '1';

/**
 * Declares a conformance suite over `folder` of the vectors. Without the folder it is reported as a skipped test, or
 * fails where vectors are required.
 */
export function describeConformance(folder: string, suite: (path: string) => void): void {
  const path = `${VECTORS}/${folder}`;
  if (existsSync(path)) return void describe(`conformance: ${folder}`, () => suite(path));
  declareMissing(`conformance: ${folder}`, `${path} is missing; set STELLA_VECTORS`, REQUIRED);
}
