import { limits } from '../limits.js';

const QUALIFIERS = /(?: const| volatile| &&?| noexcept| \[clone [^\]]{1,128}\])$/;
const ABI_TAG = /\[abi:[\w.]{1,64}\]/g;
const INLINE_NAMESPACES = /\bstd::(?:__1|__cxx11|__ndk1|_V2|__8)::/g;
const LAMBDA = /\{lambda\([^{}]{0,1024}\)(?:#\d{1,9})?\}|'lambda\d{0,9}'|\$_\d{1,9}|<lambda\([^<>]{0,1024}\)>|\(lambda at [^)]{0,1024}\)/g;

/**
 * Reduces a demangled C++ or Rust name to the function itself: no arguments, return type, qualifiers, ABI tags or
 * inline namespaces; template arguments become `<T>`, lambdas `{lambda}`.
 */
export function isolateCpp(name: string): string {
  if (name.length > limits.functionCharsMax) return name.slice(0, limits.functionCharsMax);
  let text = name.replace(ABI_TAG, '').replace(INLINE_NAMESPACES, 'std::');
  for (let turn = 0; turn < 8 && QUALIFIERS.test(text); turn++) text = text.replace(QUALIFIERS, '');
  text = text.replace(/\(anonymous namespace\)|`anonymous namespace'|anonymous-namespace/g, '{anonymous}').replace(LAMBDA, '{lambda}');
  text = dropArguments(text.trimEnd());
  text = text.startsWith('<') ? text : collapseTemplates(text);
  return dropReturnType(text);
}

/** Removes the last balanced argument list; `operator()` keeps its own parentheses. */
function dropArguments(text: string): string {
  if (!text.endsWith(')')) return text;
  let depth = 0;
  for (let at = text.length - 1; at > 0; at--) {
    if (text[at] === ')') depth++;
    else if (text[at] === '(' && --depth === 0) {
      return text.slice(0, at).endsWith('operator') ? text : text.slice(0, at).trimEnd();
    }
  }
  return text;
}

function collapseTemplates(text: string): string {
  let out = '';
  let depth = 0;
  for (let at = 0; at < text.length; at++) {
    const char = text[at] ?? '';
    if (depth === 0 && text.startsWith('operator', at)) {
      const symbol = /^operator(?:<=>|<<=?|>>=?|->\*?|<=|>=|<|>)?/.exec(text.slice(at, at + 11))?.[0] ?? 'operator';
      out += symbol;
      at += symbol.length - 1;
    } else if (char === '<') {
      if (depth++ === 0) out += '<T>';
    } else if (char === '>' && depth > 0 && text[at - 1] !== '-') {
      depth--;
    } else if (depth === 0) {
      out += char;
    }
  }
  return depth === 0 ? out : text;
}

function dropReturnType(text: string): string {
  if (text.includes('operator ') || text.startsWith('<') || text.includes('{lambda} ')) return text;
  const space = text.lastIndexOf(' ');
  return space < 0 ? text : text.slice(space + 1).replace(/^[*&]{1,4}/, '');
}
