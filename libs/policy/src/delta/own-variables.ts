import type { ChangedUnit, DeltaView } from './delta-view.js';
import { belongsToToolchain } from './explain-functions.js';

/** Variables without a name of their own; several of one content share an id up to an ordinal. */
const VARIABLE = /^(?<base>var#[0-9a-f]+)(?:~\d+)?$/;
const SIDES = ['baseline', 'candidate'] as const;

/**
 * Changed variables that are the standard library's: on each side where one exists, a function of it refers to the
 * variable itself. A package's code can name only its own variables and those of packages that it imports, and the
 * standard library imports nothing else; so the variable is its own, whoever else refers to it, and whoever could make
 * one of its functions refer elsewhere could as well change that function, which the same claim covers.
 *
 * Where several variables are alike, references do not say which of them is meant: then every changed function that
 * refers to one of them has to be the standard library's.
 */
export function variablesOfToolchain(view: DeltaView, changed: readonly ChangedUnit[]): ReadonlySet<ChangedUnit> {
  const variables = changed.filter((unit) => unit.kind === 'data' && SIDES.every((side) => unit[side] === undefined || VARIABLE.test(unit[side].id)));
  const owned = new Set(variables);
  for (const side of SIDES) {
    const referrers = functionsByReference(changed, side);
    const alike = repeated(variables, side);
    for (const unit of variables) {
      const base = baseOf(unit, side);
      if (base === undefined) continue;
      const functions = referrers.get(base) ?? [];
      const ofToolchain = functions.filter((name) => belongsToToolchain(name, view)).length;
      if (ofToolchain === 0 || (alike.has(base) && ofToolchain < functions.length)) owned.delete(unit);
    }
  }
  return owned;
}

type Side = (typeof SIDES)[number];

function functionsByReference(changed: readonly ChangedUnit[], side: Side): ReadonlyMap<string, readonly string[]> {
  const found = new Map<string, string[]>();
  for (const unit of changed) {
    const own = unit[side];
    if (own === undefined || unit.kind !== 'function') continue;
    const name = own.nameOrigin === 'artifact' ? own.name : '';
    for (const ref of own.refs) {
      if (!ref.startsWith('var#')) continue;
      const names = found.get(ref);
      if (names === undefined) found.set(ref, [name]);
      else names.push(name);
    }
  }
  return found;
}

function repeated(variables: readonly ChangedUnit[], side: Side): ReadonlySet<string> {
  return new Set(variables.filter((unit) => unit[side]?.id.includes('~') === true).map((unit) => baseOf(unit, side) ?? ''));
}

function baseOf(unit: ChangedUnit, side: Side): string | undefined {
  return VARIABLE.exec(unit[side]?.id ?? '')?.groups?.base;
}
