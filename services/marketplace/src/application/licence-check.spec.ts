import type { InspectedPack } from '../domain/inspected-pack.js';
import { checkLicence, DEFAULT_LICENCE_POLICY } from './licence-check.js';

const isAllowed = (licence: string): boolean => checkLicence(DEFAULT_LICENCE_POLICY)({ manifest: { licence } } as InspectedPack).length === 0;

test.each(['MIT', 'Apache-2.0 OR MIT', 'GPL-2.0-only WITH Linux-syscall-note', '(MIT AND BSD-3-Clause) OR SSPL-1.0', 'GPL-2.0+', 'MIT OR LicenseRef-mine'])('%s may be handed out', (licence) => {
  expect(isAllowed(licence)).toBe(true);
});

test.each(['', 'mit license', 'MIT OR', 'MIT WITH nothing', 'MIT AND SSPL-1.0', 'CC-BY-NC-SA-4.0', 'LicenseRef-mine', `${'('.repeat(17)}MIT${')'.repeat(17)}`])('%j may not', (licence) => {
  expect(isAllowed(licence)).toBe(false);
});
