import { existsSync, readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { BOARDS } from '../src/boards/index.ts';
import { generated } from '../src/generated.ts';
import { allAlerts, runbookOf } from '../src/rules.ts';
import { RULE_CASES } from './rule-cases.ts';

const here = (path: string) => fileURLToPath(new URL(path, import.meta.url));

test('what is committed is what the code makes', () => {
  for (const [path, text] of generated()) expect({ path, text: readFileSync(here(`../${path}`), 'utf8') }).toEqual({ path, text });
});

test('every alert has a runbook that says what it means, what to look at and what to do', () => {
  for (const alert of allAlerts()) {
    const path = here(`../../runbooks/${runbookOf(alert)}`);
    expect({ path, exists: existsSync(path) }).toEqual({ path, exists: true });
    const text = readFileSync(path, 'utf8');
    for (const heading of ['## What it means', '## Look at', '## Do']) expect({ path, heading, found: text.includes(heading) }).toEqual({ path, heading, found: true });
  }
});

test('every alert fires in one case and stays silent in another', () => {
  for (const { alert } of allAlerts()) {
    const cases = RULE_CASES.filter((one) => one.alert === alert);
    expect({ alert, fires: cases.some(({ on }) => on.length > 0), silent: cases.some(({ on }) => on.length === 0) }).toEqual({ alert, fires: true, silent: true });
  }
});

test('boards have ids of their own and every panel says what to look for', () => {
  expect(new Set(BOARDS.map(({ uid }) => uid)).size).toBe(BOARDS.length);
  for (const { rows } of BOARDS) {
    for (const panel of rows.flatMap(({ panels }) => panels)) {
      expect(panel.about).toMatch(/\.$/);
      expect(panel.kind === 'text' ? panel.text : panel.queries).not.toHaveLength(0);
    }
  }
});
