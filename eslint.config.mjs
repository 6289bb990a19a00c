import tseslint from 'typescript-eslint';

export default tseslint.config(
  { ignores: ['**/dist/**', '**/gen/**', '**/coverage/**', 'target/**', '.nx/**', '**/*.mjs'] },
  ...tseslint.configs.recommended,
  {
    files: ['**/*.ts'],
    rules: {
      '@typescript-eslint/no-unused-vars': ['error', { argsIgnorePattern: '^_', varsIgnorePattern: '^_' }],
      'no-console': 'error',
      eqeqeq: 'error',
    },
  },
  // What a person started at a terminal speaks on it.
  { files: ['libs/cli/**/*.ts', 'e2e/**/*.ts', 'services/*/src/main.ts', '**/*.spec.ts', '**/test/**/*.ts'], rules: { 'no-console': 'off' } },
);
