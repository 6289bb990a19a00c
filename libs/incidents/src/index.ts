export { type Incident, type IncidentKind, INCIDENTS, incidentById, type PassPredicate, passes, type ReleaseName } from './incidents.js';
export { type ReleaseFiles, type ResolveOptions, resolveRelease, sha256OfFile } from './artifacts.js';
export { buildLua, type BuiltProgram } from './lua-build.js';
