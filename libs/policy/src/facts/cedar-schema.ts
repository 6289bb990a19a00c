import { createHash } from 'node:crypto';
import { FACT_ENUMS, FACT_NAMES, FACTS, isEnumFact, type FactName } from './fact-list.js';
import { LIMIT_NAMES } from './policy-limits.js';

export const CEDAR_NAMESPACE = 'Stella';

function cedarType(name: FactName): string {
  const type = FACTS[name].type;
  if (type === 'boolean') return 'Bool';
  return isEnumFact(name) ? type : 'Long';
}

function schemaText(): string {
  const enums = Object.entries(FACT_ENUMS).map(([name, words]) => `  entity ${name} enum [${words.map((word) => JSON.stringify(word)).join(', ')}];`);
  const facts = FACT_NAMES.map((name) => `    ${name}: { known: Bool, value: ${cedarType(name)} },`);
  const limits = LIMIT_NAMES.map((name) => `    ${name}: Long,`);
  return [
    `namespace ${CEDAR_NAMESPACE} {`,
    '  entity Tenant;',
    '  entity Release;',
    ...enums,
    '  type Facts = {',
    ...facts,
    '  };',
    '  type Limits = {',
    ...limits,
    '  };',
    '  action release, review appliesTo {',
    '    principal: [Tenant],',
    '    resource: [Release],',
    '    context: { facts: Facts, limits: Limits, waivers: Set<String> },',
    '  };',
    '}',
    '',
  ].join('\n');
}

/** The Cedar schema of the closed set of facts, in Cedar's own syntax. */
export const CEDAR_SCHEMA = schemaText();

/** SHA-256 of the schema's text: a policy is published against one schema, and decides only under it. */
export const CEDAR_SCHEMA_SHA256 = createHash('sha256').update(CEDAR_SCHEMA).digest('hex');
