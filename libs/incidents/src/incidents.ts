import { readFileSync } from 'node:fs';
import { DomainError } from '@stella/errors';
import { CLAIMS } from './claims.js';

export type IncidentKind = 'go-panic' | 'native-signal';

/** A release by the names that its registry knows. */
export interface ReleaseName {
  readonly program: 'esbuild' | 'lua';
  readonly version: string;
  /** As product pages write it: `esbuild@0.18.11`. */
  readonly name: string;
}

/** What the incident's owner calls fixed: it ends well and says what the first good release says. */
export interface PassPredicate {
  readonly exitCode: number;
  readonly stdout: string;
}

/** A real crash: `bad` is the last release that fails, `good` the first that does not. */
export interface Incident {
  readonly id: string;
  readonly kind: IncidentKind;
  readonly bad: ReleaseName;
  readonly good: ReleaseName;
  readonly args: readonly string[];
  readonly stdin: string;
  readonly pass: PassPredicate;
  /** True and narrow claims of the good release against the bad one, in the claim syntax of the gate. */
  readonly claims: readonly string[];
}

interface EsbuildEntry {
  readonly id: string;
  readonly bad: string;
  readonly good: string;
  readonly args: readonly string[];
  readonly stdin: string;
}

interface LuaEntry {
  readonly id: string;
  readonly bad: string;
  readonly good: string;
  readonly script: string;
}

/** All known public incidents, in the order of their files. */
export const INCIDENTS: readonly Incident[] = [
  ...read<EsbuildEntry[]>('esbuild.json').map((entry): Incident => ({
    id: entry.id,
    kind: 'go-panic',
    bad: release('esbuild', entry.bad),
    good: release('esbuild', entry.good),
    args: entry.args,
    stdin: entry.stdin,
    ...expectation(entry.id),
  })),
  ...read<LuaEntry[]>('lua.json').map((entry): Incident => ({
    id: entry.id,
    kind: 'native-signal',
    bad: release('lua', entry.bad),
    good: release('lua', entry.good),
    args: [],
    stdin: entry.script,
    ...expectation(entry.id),
  })),
];

/** @throws INCIDENT_UNKNOWN */
export function incidentById(id: string): Incident {
  const found = INCIDENTS.find((incident) => incident.id === id);
  if (found === undefined) throw new DomainError('INCIDENT_UNKNOWN', { id: id.slice(0, 100), known: INCIDENTS.map((i) => i.id).join(',') });
  return found;
}

export function passes(predicate: PassPredicate, outcome: { readonly exitCode: number | null; readonly stdout: string }): boolean {
  return outcome.exitCode === predicate.exitCode && outcome.stdout === predicate.stdout;
}

function release(program: ReleaseName['program'], version: string): ReleaseName {
  return { program, version, name: `${program}@${version}` };
}

function expectation(id: string): { readonly pass: PassPredicate; readonly claims: readonly string[] } {
  const pass = read<Record<string, PassPredicate>>('expected.json')[id];
  if (pass === undefined) throw new DomainError('INCIDENT_UNKNOWN', { id, known: 'no expected outcome is recorded' });
  return { pass: { exitCode: pass.exitCode, stdout: pass.stdout }, claims: CLAIMS[id] ?? [] };
}

function read<T>(file: string): T {
  return JSON.parse(readFileSync(new URL(`../data/${file}`, import.meta.url), 'utf8')) as T;
}
