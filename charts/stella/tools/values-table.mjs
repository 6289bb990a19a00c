import { isMap } from 'yaml';

const MARK = '-- ';

/** A Markdown table of every value that is explained, by its path. */
export function describeValues(document) {
  const rows = rowsOf(document.contents, []).map(({ path, fallback, text }) => `| \`${path}\` | ${fallback} | ${text} |`);
  return ['| value | default | |', '|---|---|---|', ...rows].join('\n');
}

function rowsOf(map, path) {
  return map.items.flatMap(({ key, value }) => {
    const text = explanationOf(key.commentBefore ?? (map.items[0].key === key ? map.commentBefore : undefined));
    const here = [...path, key.value];
    const row = { path: pathOf(here), text, fallback: fallbackOf(value) };
    const below = isMap(value) && !value.flow && value.items.length > 0 ? rowsOf(value, here) : [];
    if (below.length > 0) return text === undefined ? below : [{ ...row, fallback: '' }, ...below];
    return [{ ...row, text: text ?? '' }];
  });
}

function pathOf(parts) {
  return parts.map((part) => (/^[\w]+$/.test(part) ? part : `"${part}"`)).join('.');
}

function fallbackOf(value) {
  const json = JSON.stringify(value?.toJSON?.() ?? null);
  return json.length > 120 ? '' : `\`${json.replaceAll('|', '\\|')}\``;
}

/** The lines from `-- ` on. */
function explanationOf(comment) {
  const lines = (comment ?? '').split('\n').map((line) => line.trim());
  const at = lines.findLastIndex((line) => line.startsWith(MARK));
  return at < 0 ? undefined : [lines[at].slice(MARK.length), ...lines.slice(at + 1)].join(' ').replaceAll('|', '\\|');
}
