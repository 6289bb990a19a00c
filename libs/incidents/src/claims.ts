const VERSION = ['changes main.main', 'changes main.runService', 'changes main.glob..func1'];

/**
 * By incident id: what the author of the first good release could truthfully and narrowly have said. Each release also
 * prints its own version (package main); those that were built with the next patch release of Go say so. None is known
 * for releases that change thousands of functions: their claims could only be broad.
 */
export const CLAIMS: Readonly<Record<string, readonly string[]>> = {
  'esbuild-2991': [
    'fixes incident esbuild-2991',
    'toolchain go1.20.1 -> go1.20.2',
    'changes internal/bundler.(*scanner).processScannedFiles',
    'changes internal/css_parser.(*parser).parseComplexSelector',
    'changes internal/css_parser.(*parser).parseCompoundSelector',
    'changes internal/js_parser.(*parser).parseTypeScriptDecorators',
    'changes pkg/cli.parseOptionsImpl',
    // Go 1.20.2 initialises `errors.New` variables at run time again: the packages' initialisers, the three variables
    // that they fill (in this order one of fs, two of resolver), and the collector's masks of all variables.
    'changes internal/fs.init',
    'changes internal/resolver.init',
    'changes var#1ec0f7116d627e577661dc921b6e1633',
    'changes var#0420aaa9900693a2a2682f5d435c5e2e',
    'changes var#ffd99f4de876a37791e58923a2afa124',
    'changes go:gcbss',
    'changes go:gcdata',
    ...VERSION,
  ],
  'esbuild-3205': [
    'fixes incident esbuild-3205',
    'changes internal/js_parser.(*parser).parseTypeScriptEnumStmt',
    'changes internal/js_parser.(*parser).parseStmt',
    'changes internal/js_printer.(*printer).printExpr',
    'changes internal/resolver.resolverQuery.finalizeImportsExportsResult',
    'changes pkg/api.(*apiHandler).ServeHTTP',
    ...VERSION,
  ],
  'esbuild-3052': [
    'fixes incident esbuild-3052',
    'changes internal/css_parser.lowerNestingInRule',
    'changes internal/fs.(*realFS).ReadFile',
    'changes internal/resolver.resolverQuery.parseTSConfig',
    'changes internal/resolver.resolverQuery.parseTSConfig.func1',
    'changes internal/resolver.resolverQuery.parseTSConfig.func1.1',
    'changes internal/resolver.resolverQuery.parseTSConfig.func1.2',
    ...VERSION,
  ],
  'esbuild-3551': [
    'fixes incident esbuild-3551',
    'toolchain go1.20.10 -> go1.20.12',
    'changes internal/compat.init',
    'changes internal/css_parser.(*parser).generateGradient',
    'changes internal/css_parser.(*parser).lowerAndMinifyGradient',
    'changes internal/css_parser.tryToExpandGradient',
    'changes internal/css_parser.removeImpliedPositions',
    'changes internal/fs.tryToReadZipArchive',
    'changes type:js_ast.ETemplate/92b54f28',
    'changes internal/js_ast.HelperContext.ExprCanBeRemovedIfUnused',
    'changes internal/js_ast.HelperContext.SimplifyUnusedExpr',
    'changes internal/js_parser.(*parser).*',
    'changes internal/js_parser.(*parser).visitExprInOut.func3',
    'changes internal/js_printer.(*printer).printExpr',
    'changes internal/linker.(*linkerContext).renameSymbolsInChunk',
    'changes pkg/api.validateLoaders',
    ...VERSION,
  ],
};
