import preset from '../jest.preset.mjs';

/** On real servers: one file after the other, since all share them. */
export default { ...preset, testMatch: ['<rootDir>/**/*.spec.ts'], maxWorkers: 1, testTimeout: 180_000 };
