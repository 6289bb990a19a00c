import * as cedar from '@cedar-policy/cedar-wasm/nodejs';
import { DomainError } from '@stella/errors';
import type { Principal } from './principal.js';

/** What is acted on; its tenant is the only thing about it that the default rules look at. */
export interface Resource {
  readonly type: string;
  readonly id: string;
  readonly tenant: string;
}

/** `read`, `write` and so on within one's tenant; see `POLICIES`. */
export type Action = 'read' | 'write' | 'review' | 'administer' | 'operate';

const ID = 'stella-access';
const SCHEMA = `
entity Role;
entity Caller in [Role] { tenant: String };
entity Thing { tenant: String };
action "read", "write", "review", "administer", "operate" appliesTo { principal: [Caller], resource: [Thing], context: {} };
`;
const ANYBODY = ['contributor', 'maintainer', 'moderator', 'auditor', 'operator', 'service'];
const POLICIES: Record<string, string> = {
  'own-tenant-only': 'forbid (principal, action, resource) unless { principal.tenant == resource.tenant };',
  read: permit(ANYBODY, ['read']),
  write: permit(['contributor', 'maintainer', 'operator', 'service'], ['write']),
  review: permit(['maintainer', 'moderator', 'operator'], ['review']),
  administer: permit(['maintainer', 'operator'], ['administer']),
  operate: permit(['operator', 'service'], ['operate']),
};

function permit(roles: readonly string[], actions: readonly string[]): string {
  const list = actions.map((action) => `Action::"${action}"`).join(', ');
  const among = roles.map((role) => `principal in Role::"${role}"`).join(' || ');
  return `permit (principal, action in [${list}], resource) when { ${among} };`;
}

let isLoaded = false;

/** @throws DomainError `PERMISSION_DENIED`; `AUTHORIZATION_UNCHECKED` when the rules could not be evaluated, which is no yes either */
export function authorize(principal: Principal, action: Action, resource: Resource): void {
  if (!isLoaded) load();
  const caller = { type: 'Caller', id: principal.subject };
  const thing = { type: 'Thing', id: `${resource.type}/${resource.id}` };
  const roles = principal.roles.map((role) => ({ type: 'Role', id: role }));
  const answer = cedar.statefulIsAuthorized({
    principal: caller,
    action: { type: 'Action', id: action },
    resource: thing,
    context: {},
    entities: [
      { uid: caller, attrs: { tenant: principal.tenant }, parents: roles },
      { uid: thing, attrs: { tenant: resource.tenant }, parents: [] },
      ...roles.map((uid) => ({ uid, attrs: {}, parents: [] })),
    ],
    preparsedPolicySetId: ID,
    preparsedSchemaName: ID,
    validateRequest: true,
  });
  const facts = { action, resource: resource.type, subject: principal.subject };
  // Cedar skips a rule whose evaluation fails, a forbid too: then its answer is not to be trusted.
  const problems = answer.type === 'failure' ? answer.errors : answer.response.diagnostics.errors.map(({ error }) => error);
  if (answer.type === 'failure' || problems.length > 0) {
    throw new DomainError('AUTHORIZATION_UNCHECKED', { ...facts, problem: problems.map(({ message }) => message).join('; ') });
  }
  if (answer.response.decision !== 'allow') throw new DomainError('PERMISSION_DENIED', facts);
}

function load(): void {
  const policies: cedar.PolicySet = { staticPolicies: POLICIES };
  for (const answer of [cedar.preparseSchema(ID, SCHEMA), cedar.preparsePolicySet(ID, policies)]) {
    if (answer.type === 'failure') throw new Error(answer.errors.map((error) => error.message).join('; '));
  }
  const validated = cedar.validate({ schema: SCHEMA, policies });
  const problems = validated.type === 'failure' ? validated.errors.map((e) => e.message) : validated.validationErrors.map((e) => e.error.message);
  if (problems.length > 0) throw new Error(problems.join('; '));
  isLoaded = true;
}
