const not = (name, from, to, comment) => ({ name, severity: 'error', comment, from, to });
const DOMAIN = '^libs/(errors|attestation|transparency-log|schemas|binary-delta|stack-fingerprint|witness|policy|verdict)/';
const SPEC = '(\\.spec\\.ts|/test/)';

export default {
  forbidden: [
    not('no-circular', {}, { circular: true }),
    not('domain-layer-is-pure', { path: '^services/[^/]+/src/domain/', pathNot: SPEC }, { pathNot: ['^services/[^/]+/src/domain/', DOMAIN, '^crypto$', '^node:crypto$'] }, 'domain/: no Nest, no SQL, no I/O'),
    not('application-knows-ports-only', { path: '^services/[^/]+/src/application/', pathNot: SPEC }, { path: ['^services/[^/]+/src/(adapters|api)/', 'node_modules/(@grpc|pg|kafkajs|express)'] }, 'application/ depends on domain/ and on ports'),
    not('adapters-do-not-know-the-api', { path: '^services/[^/]+/src/adapters/' }, { path: '^services/[^/]+/src/api/' }),
    not('services-never-import-each-other', { path: '^services/([^/]+)/', pathNot: '^services/stella/' }, { path: '^services/([^/]+)/', pathNot: '^services/$1/' }),
    not('the-composition-sees-only-the-front', { path: '^services/stella/src/' }, { path: '^services/[^/]+/src/', pathNot: ['^services/stella/', '^services/[^/]+/src/index\\.ts$'] }),
    not('domain-libs-are-pure', { path: DOMAIN, pathNot: SPEC }, { path: ['^libs/(platform|contracts|native|incidents|client|cli)/', 'node_modules/(@nestjs|@grpc|pg)', '^services/', '^(node:)?(fs|net|http|https|child_process|dns|tls|worker_threads)(/promises)?$'] }, 'no I/O in a domain library'),
    not('libs-do-not-know-services', { path: '^libs/' }, { path: '^services/' }),
    not('the-cli-verifies-offline', { path: '^libs/verdict/' }, { path: ['^libs/client/', '^libs/contracts/'] }),
    not('declared', { path: '^(services|libs)/', pathNot: [SPEC, 'jest\\.config\\.mjs$'] }, { pathNot: ['^libs/', '^services/'], dependencyTypes: ['npm-no-pkg', 'npm-dev', 'unknown', 'undetermined'] }),
    not('resolvable', {}, { couldNotResolve: true }),
  ],
  options: {
    doNotFollow: { path: ['node_modules'] },
    exclude: { path: ['/dist/', '/gen/', '/coverage/', '^target/'] },
    tsPreCompilationDeps: true,
    tsConfig: { fileName: 'tsconfig.base.json' },
    enhancedResolveOptions: {
      exportsFields: ['exports'],
      conditionNames: ['@stella/source', 'import', 'node', 'default', 'types'],
      extensions: ['.ts', '.js', '.mjs', '.json'],
    },
  },
};
