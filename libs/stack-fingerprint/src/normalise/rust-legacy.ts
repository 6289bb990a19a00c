const ESCAPES: Readonly<Record<string, string>> = {
  SP: '@', BP: '*', RF: '&', LT: '<', GT: '>', LP: '(', RP: ')', C: ',', u20: ' ', u22: '"', u27: "'", u2b: '+', u3b: ';',
  u5b: '[', u5d: ']', u7b: '{', u7d: '}', u7e: '~',
};

/**
 * Demangles Rust's legacy scheme (`_ZN…17h<hash>E`, rustc `legacy` symbol mangling); any other name is kept as it is.
 */
export function demangleRustLegacy(name: string): string {
  if (!/^_{0,2}ZN[\w.$]{1,1000}17h[0-9a-f]{16}E$/.test(name)) return name;
  const body = name.slice(name.indexOf('ZN') + 2, -1);
  const parts: string[] = [];
  for (let at = 0; at < body.length; ) {
    const digits = /^\d{1,4}/.exec(body.slice(at, at + 4))?.[0];
    if (digits === undefined) return name;
    const start = at + digits.length;
    const end = start + Number(digits);
    if (end > body.length || end === start) return name;
    parts.push(unescapePart(body.slice(start, end)));
    at = end;
  }
  return parts.join('::');
}

function unescapePart(part: string): string {
  const plain = part.startsWith('_$') ? part.slice(1) : part;
  return plain.replace(/\$(\w{1,3})\$/g, (whole, code: string) => ESCAPES[code] ?? whole).replaceAll('..', '::');
}
