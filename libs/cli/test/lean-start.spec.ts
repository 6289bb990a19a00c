import { readFileSync } from 'node:fs';
import { dirname, join, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import ts from 'typescript';

const ROOT = fileURLToPath(new URL('../../..', import.meta.url));
const CLI = join(ROOT, 'libs/cli');

/** Packages from outside that a module loads with itself; what it imports when it is needed is not among them. */
function packagesOf(...modules: string[]): string[] {
  const packages = new Set<string>();
  const seen = new Set<string>();
  const visit = (path: string): void => {
    if (seen.has(path)) return;
    seen.add(path);
    for (const name of staticImports(path)) {
      if (name.startsWith('.')) visit(resolve(dirname(path), name.replace(/\.js$/, '.ts')));
      else if (name.startsWith('@stella/contracts')) packages.add('@stella/contracts');
      else if (name.startsWith('@stella/')) visit(sourceOf(name));
      else if (!name.startsWith('node:')) packages.add(name.split('/').slice(0, name.startsWith('@') ? 2 : 1).join('/'));
    }
  };
  for (const module of modules) visit(join(CLI, 'src', module));
  return [...packages].sort();
}

function staticImports(path: string): string[] {
  const source = ts.createSourceFile(path, readFileSync(path, 'utf8'), ts.ScriptTarget.Latest);
  return source.statements.flatMap((statement) => {
    if (ts.isImportDeclaration(statement)) return isTypeOnly(statement) ? [] : [textOf(statement.moduleSpecifier)];
    if (ts.isExportDeclaration(statement) && statement.moduleSpecifier && !statement.isTypeOnly) return [textOf(statement.moduleSpecifier)];
    return [];
  });
}

/** `import { type A } from` is kept by the compiler, `import type` is not. */
const isTypeOnly = ({ importClause }: ts.ImportDeclaration): boolean => importClause?.phaseModifier === ts.SyntaxKind.TypeKeyword;
const textOf = (specifier: ts.Expression): string => (specifier as ts.StringLiteral).text;

function sourceOf(specifier: string): string {
  const [, name, ...path] = specifier.split('/');
  const folder = join(ROOT, 'libs', name ?? '');
  const manifest = JSON.parse(readFileSync(join(folder, 'package.json'), 'utf8')) as { exports: Record<string, Record<string, string>> };
  const source = manifest.exports[['.', ...path].join('/')]?.['@stella/source'];
  if (source === undefined) throw new Error(`${specifier} is exported by nobody`);
  return join(folder, source);
}

test('a proof check loads the command line and nothing else from outside', () => {
  expect(packagesOf('start.ts', 'commands/delta-verify.ts')).toEqual(['commander']);
});

test('an offline verification loads no client', () => {
  const packages = packagesOf('start.ts', 'commands/verify.ts');
  expect(packages).toContain('@cedar-policy/cedar-wasm');
  expect(packages.filter((name) => /^(@grpc|@stella\/contracts|@nestjs|pg|zod)/.test(name))).toEqual([]);
});

test('gate loads neither the policy engine nor the schemas', () => {
  expect(packagesOf('start.ts', 'commands/gate.ts')).toEqual(['@grpc/grpc-js', '@stella/contracts', 'commander']);
});
