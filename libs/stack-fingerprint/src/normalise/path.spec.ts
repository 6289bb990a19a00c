import type { FrameDraft } from './draft.js';
import { pathRule } from './path.js';

function relative(file: string): string | undefined {
  const draft: FrameDraft = {
    source: { raw: '', trust: 'printed', role: 'call' },
    language: 'go',
    function: undefined,
    module: undefined,
    file,
    origin: undefined,
    category: undefined,
    repeated: 1,
    fired: [],
  };
  pathRule.apply(draft);
  return draft.file;
}

test.each([
  ['internal/helpers/stack.go', 'internal/helpers/stack.go'],
  ['/usr/local/go/src/runtime/panic.go', 'runtime/panic.go'],
  ['/home/ann/go/pkg/mod/github.com/o/r@v1.2.3/a/f.go', 'a/f.go'],
  ['/home/ann/.cargo/registry/src/index.crates.io-6f17/serde-1.0.2/src/de.rs', 'src/de.rs'],
  ['/rustc/0123456789abcdef/library/core/src/panicking.rs', 'core/src/panicking.rs'],
  ['/home/ann/ledger/store/store.go', 'store/store.go'],
  ['/home/ann/main.c', 'main.c'],
  ['C:\\Users\\Ann\\ledger\\src\\main.cpp', 'src/main.cpp'],
  ['/builds/group/project/src/a/b.c', 'src/a/b.c'],
  ['github.com/evanw/esbuild/internal/linker/linker.go', 'internal/linker/linker.go'],
  ['../../src/x.c', 'src/x.c'],
])('%s becomes %s', (file, expected) => {
  expect(relative(file)).toBe(expected);
});
