import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { call } from '../../lib/command.mjs';
import { importImage } from '../../lib/images.mjs';
import { SOURCE } from '../../lib/paths.mjs';

/** An image with one static program, /bin/<name>, beside busybox. */
export function importProgram(name) {
  const work = mkdtempSync(join(tmpdir(), 'stella-program-'));
  try {
    call('gcc', ['-O1', '-static', '-Wall', '-Werror', '-o', join(work, name), join(SOURCE, 'test', 'programs', `${name}.c`)]);
    importImage(`localhost/${name}:1`, { [`/bin/${name}`]: join(work, name), '/bin/busybox': '/bin/busybox' }, { links: { '/bin/sh': 'busybox' } });
  } finally {
    rmSync(work, { recursive: true });
  }
  return `localhost/${name}:1`;
}
