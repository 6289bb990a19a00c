import { isPresetName, type PresetName } from './presets.js';

/** A policy as a verdict names it. */
export interface NamedPolicy {
  readonly id: string;
  readonly sha256: string;
}

/**
 * Under which presets an ALLOW makes a release known as a baseline: those that ask for no less. `strict` asks for all that
 * `fast-patch` does, and that for all that `standard` does. A `rebuild` changes nothing, so what it was compared with
 * speaks for it: it is known to `standard`, from which any release may be rebuilt, and to nothing stricter.
 */
const AS_STRICT: Readonly<Record<PresetName, readonly PresetName[]>> = {
  rebuild: ['rebuild', 'standard', 'fast-patch', 'strict'],
  standard: ['standard', 'fast-patch', 'strict', 'rebuild'],
  'fast-patch': ['fast-patch', 'strict'],
  strict: ['strict'],
};

export function presetsAsStrictAs(id: string): readonly PresetName[] {
  return isPresetName(id) ? AS_STRICT[id] : [];
}

/** Whether an ALLOW under `given` says no less than one under `asked` would: the same document, or a preset that is declared as strict. */
export function isAsStrict(given: NamedPolicy, asked: NamedPolicy): boolean {
  return given.sha256 === asked.sha256 || presetsAsStrictAs(asked.id).some((id) => id === given.id);
}
