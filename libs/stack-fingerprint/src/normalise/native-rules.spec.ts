import { normaliseTrace } from './normalise.js';
import type { RawFrame } from '../model/raw-trace.js';

const normalise = (frame: Partial<RawFrame>) =>
  normaliseTrace({
    format: 'native',
    language: 'native',
    failure: { kind: 'unknown', message: '' },
    threads: [{ label: '1', crashed: true, truncated: false, frames: [{ raw: '', trust: 'cfi', role: 'call', ...frame }] }],
  }).frames[0];

test.each([
  ['parse.isra.0', 'parse', 'native.build-suffix'],
  ['parse.part.3.constprop.1.cold', 'parse', 'native.build-suffix'],
  ['parse.llvm.1234567890', 'parse', 'native.build-suffix'],
  ['memcpy@@GLIBC_2.14', 'memcpy', 'native.symbol-version'],
  ['memcpy@plt', 'memcpy', 'native.plt'],
  ['__GI_raise', 'raise', 'native.alias'],
  ['__libc_malloc', 'malloc', 'native.alias'],
  ['__memcpy_chk', 'memcpy', 'native.alias'],
  ['__interceptor_free', 'free', 'native.alias'],
  ['__libc_start_main_impl', '__libc_start_main_impl', undefined],
  ['_ZN4core9panicking5panic17h0123456789abcdefE', 'core::panicking::panic', 'native.rust-legacy'],
  ['_ZN8store_v25Table3put28_$u7b$$u7b$closure$u7d$$u7d$17h0123456789abcdefE', 'store_v2::Table::put::{closure}', 'native.rust-legacy'],
  ['app::main::h0123456789abcdef', 'app::main', 'native.rust-hash'],
  ['std::vector<int, std::allocator<int> >::push_back(int const&)', 'std::vector<T>::push_back', 'native.isolate-function'],
  ['void ns::visit<ns::A<int> >(ns::A<int>&) const', 'ns::visit<T>', 'native.isolate-function'],
  ['std::__cxx11::basic_string<char>::size[abi:cxx11]() const', 'std::basic_string<T>::size', 'native.isolate-function'],
  ['ns::F::operator()(int) const', 'ns::F::operator()', 'native.isolate-function'],
  ['ns::S::operator<<(ns::T const&)', 'ns::S::operator<<', 'native.isolate-function'],
  ['(anonymous namespace)::helper(char*)', '{anonymous}::helper', 'native.isolate-function'],
  ['ns::run(int)::{lambda(int)#2}::operator()(int) const', 'ns::run(int)::{lambda}::operator()', 'native.isolate-function'],
])('%s is %s', (name, expected, rule) => {
  const frame = normalise({ function: name });
  expect(frame?.function).toBe(expected);
  if (rule) expect(frame?.rules).toContain(rule);
});

test.each([
  ['abort', undefined, 'throw'],
  ['__GI_raise', 'libc.so.6', 'throw'],
  ['malloc', undefined, 'std'],
  ['operator new(unsigned long)', undefined, 'std'],
  ['_start', undefined, 'indirection'],
  ['__libc_start_main_impl', 'libc.so.6', 'indirection'],
  ['qsort_r', '/lib/x86_64-linux-gnu/libc.so.6', 'std'],
  ['qsort_r', 'program', 'app'],
])('%s of %s is %s', (name, module, category) => {
  expect(normalise({ function: name, ...(module && { module }) })?.category).toBe(category);
});

test('mangled names that are not read stay apart', () => {
  const mangled = '_ZN3net4http23ConnectionPoolManagerV213acquireSocketERKNS_7RequestE';
  expect(normalise({ function: mangled })?.key).toBe(mangled);
});

test('one function name in two modules is two functions; of the platform it is one', () => {
  const key = (name: string, module: string) => normalise({ function: name, module })?.key;
  expect(key('init', 'liba.so.1')).not.toBe(key('init', 'libb.so.1'));
  expect(key('init', '/opt/x/liba.so.1.2')).toBe(key('init', 'liba.so.3'));
  expect(key('malloc', 'libc.so.6')).toBe(key('malloc', 'program'));
});
