import type { Category } from '../model/normalised-trace.js';
import type { FrameDraft, FrameRule } from './draft.js';

/** Assigns a category where every given pattern matches; the first rule that matches wins. */
export interface CategoryRule {
  readonly language?: 'go' | 'native';
  /** Globs: `*` stands for any text, and matching ignores nothing. */
  readonly function?: string;
  readonly module?: string;
  readonly file?: string;
  readonly category: Category;
}

const go = (category: Category, names: string): CategoryRule[] =>
  names.split(' ').map((name) => ({ language: 'go', function: name, category }));
const native = (category: Category, names: string): CategoryRule[] =>
  names.split(' ').map((name) => ({ language: 'native', function: name, category }));

export const DEFAULT_CATEGORY_RULES: readonly CategoryRule[] = [
  ...go('throw', 'panic runtime.gopanic runtime.panic* runtime.goPanic* runtime.sigpanic runtime.throw runtime.fatal* runtime.dopanic* runtime.recovery runtime.newstack runtime.morestack* runtime.raise* runtime.abort runtime/debug.Stack runtime/debug.PrintStack debug.Stack'),
  ...go('indirection', 'runtime.goexit runtime.main runtime.mcall runtime.systemstack* runtime.call* runtime.deferreturn runtime.rundefers reflect.Value.call reflect.Value.Call runtime.rt0_go runtime.mstart*'),
  ...native('throw', 'abort raise gsignal kill pthread_kill* __pthread_kill* tgkill assert_fail* __assert_fail* __assert __stack_chk_fail* __fortify_fail* __chk_fail __libc_message* malloc_printerr __cxa_throw __cxa_rethrow __cxa_bad_* std::terminate* std::unexpected __gnu_cxx::__verbose_terminate_handler _Unwind_* rust_panic rust_begin_unwind __rust_start_panic core::panicking::* std::panicking::* core::result::unwrap_failed core::option::unwrap_failed core::option::expect_failed std::process::abort std::sys_common::backtrace::* std::backtrace* __asan* __ubsan* __sanitizer* __kernel_rt_sigreturn __restore_rt sigreturn'),
  ...native('indirection', '_start __libc_start_main* __libc_start_call_main* start_thread clone clone3 __clone* std::__invoke* std::function<T>::operator() core::ops::function::* std::sys::*thread* std::rt::lang_start* std::panic::catch_unwind* call_init* _dl_*'),
  ...native('std', 'malloc free calloc realloc _int_free _int_malloc _int_realloc malloc_consolidate unlink_chunk* memcpy* memmove* memset* memcmp* str* core::* alloc::* std::* __gnu_cxx::*'),
  ...['operator new*', 'operator delete*'].map((name): CategoryRule => ({ language: 'native', function: name, category: 'std' })),
  ...'libc.so* libc-* libpthread* ld-linux* libm.so* libstdc++* libgcc_s* libc++* libasan* libubsan* linux-vdso* [vdso] ntdll* kernel32*'
    .split(' ')
    .map((module): CategoryRule => ({ language: 'native', module, category: 'std' })),
];

type Test = (text: string | undefined) => boolean;

/** Linear-time glob: literal pieces are found in order, so no pattern can backtrack. */
export function compileGlob(pattern: string): (text: string) => boolean {
  const [first = '', ...middle] = pattern.split('*');
  const last = middle.pop();
  if (last === undefined) return (text) => text === pattern;
  return (text) => {
    if (!text.startsWith(first)) return false;
    let at = first.length;
    for (const piece of middle) {
      const found = text.indexOf(piece, at);
      if (found < 0) return false;
      at = found + piece.length;
    }
    return text.length - last.length >= at && text.endsWith(last);
  };
}

function compileField(pattern: string | undefined): Test {
  if (pattern === undefined) return () => true;
  const glob = compileGlob(pattern);
  return (text) => text !== undefined && glob(text);
}

interface CompiledRule {
  readonly matches: (frame: FrameDraft) => boolean;
  readonly category: Category;
}

function compileRule(rule: CategoryRule): CompiledRule {
  const [name, module, file] = [rule.function, rule.module, rule.file].map(compileField) as [Test, Test, Test];
  return {
    category: rule.category,
    matches: (frame) => name(frame.function) && module(frame.module) && file(frame.file),
  };
}

const ofLanguage = (rules: readonly CategoryRule[], language: FrameDraft['language']): CompiledRule[] =>
  rules.filter((rule) => rule.language === undefined || rule.language === language).map(compileRule);

const DEFAULTS = { go: ofLanguage(DEFAULT_CATEGORY_RULES, 'go'), native: ofLanguage(DEFAULT_CATEGORY_RULES, 'native') };

/** The rule that gives each frame its category: own rules first, then the defaults, then where its code comes from. */
export function categoryRule(own: readonly CategoryRule[]): FrameRule {
  const first = { go: ofLanguage(own, 'go'), native: ofLanguage(own, 'native') };
  return {
    id: 'category',
    apply: (frame) => {
      const matches = (rule: CompiledRule): boolean => rule.matches(frame);
      const rule = first[frame.language].find(matches) ?? DEFAULTS[frame.language].find(matches);
      frame.category = rule?.category ?? byOrigin(frame);
      return frame.category !== 'app';
    },
  };
}

function byOrigin(frame: FrameDraft): Category {
  if (frame.origin === 'std') return 'std';
  return frame.origin === 'dependency' ? 'framework' : 'app';
}
