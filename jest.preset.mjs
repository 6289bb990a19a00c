import { readFileSync } from 'node:fs';

const swc = JSON.parse(readFileSync(new URL('.swcrc', import.meta.url), 'utf8'));
delete swc.$schema;

/** Shared by every project; needs `node --experimental-vm-modules`. */
export default {
  testEnvironment: 'node',
  // Workspace packages resolve to their TypeScript: no build is needed before a test.
  testEnvironmentOptions: { customExportConditions: ['@stella/source', 'node', 'node-addons'] },
  extensionsToTreatAsEsm: ['.ts'],
  moduleNameMapper: { '^(\\.{1,2}/.*)\\.js$': '$1' },
  transform: { '^.+\\.ts$': ['@swc/jest', { ...swc, swcrc: false }] },
  testMatch: ['<rootDir>/src/**/*.spec.ts', '<rootDir>/test/**/*.spec.ts'],
  modulePathIgnorePatterns: ['<rootDir>/dist/'],
  // A busy machine is slow, not broken: what hangs is found all the same.
  testTimeout: 60_000,
  coverageProvider: 'v8',
  reporters: ['default', new URL('tools/jest-count-reporter.mjs', import.meta.url).pathname],
};
