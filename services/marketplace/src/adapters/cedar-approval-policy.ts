import * as cedar from '@cedar-policy/cedar-wasm/nodejs';
import type { ApprovalPolicy } from '../application/ports.js';
import { conclusionOf, type Finding } from '../domain/finding.js';
import type { Pack } from '../domain/pack.js';

/** A namespace name alone is nobody: whoever came first could have taken it. */
export interface TrustedPublisher {
  readonly tenant: string;
  readonly namespaceId: string;
}

const ID = 'stella-marketplace-approval';
const SCHEMA = `
entity List;
entity Publisher in [List];
entity Pack { kind: String, visibility: String, conclusion: String };
action "publish" appliesTo { principal: [Publisher], resource: [Pack], context: {} };
`;
const POLICIES: Record<string, string> = {
  'trusted-publishers': 'permit (principal in List::"trusted", action == Action::"publish", resource);',
  'every-check-passed': 'forbid (principal, action, resource) unless { resource.conclusion == "passed" };',
  'known-visibility': 'forbid (principal, action, resource) unless { resource.visibility == "public" || resource.visibility == "tenant" };',
};

/** Publishers on a list need no review; everybody else does. Access rules in Cedar, where a `forbid` beats every permit. */
export class CedarApprovalPolicy implements ApprovalPolicy {
  readonly #trusted: ReadonlySet<string>;

  constructor(trusted: readonly TrustedPublisher[]) {
    this.#trusted = new Set(trusted.map(keyOf));
    const problems = [cedar.preparseSchema(ID, SCHEMA), cedar.preparsePolicySet(ID, { staticPolicies: POLICIES })].flatMap((answer) => (answer.type === 'failure' ? answer.errors.map(({ message }) => message) : []));
    if (problems.length > 0) throw new Error(problems.join('; '));
  }

  mayPublish(pack: Pick<Pack, 'tenant' | 'namespaceId' | 'visibility' | 'kind'>, findings: readonly Finding[]): boolean {
    const list = { type: 'List', id: 'trusted' };
    const publisher = { type: 'Publisher', id: keyOf(pack) };
    const resource = { type: 'Pack', id: 'pack' };
    const answer = cedar.statefulIsAuthorized({
      principal: publisher,
      action: { type: 'Action', id: 'publish' },
      resource,
      context: {},
      entities: [
        { uid: publisher, attrs: {}, parents: this.#trusted.has(publisher.id) ? [list] : [] },
        { uid: list, attrs: {}, parents: [] },
        { uid: resource, attrs: { kind: pack.kind, visibility: pack.visibility, conclusion: conclusionOf(findings) }, parents: [] },
      ],
      preparsedPolicySetId: ID,
      preparsedSchemaName: ID,
      validateRequest: true,
    });
    // Cedar skips a rule whose evaluation fails, a forbid too: then its answer is not to be trusted.
    return answer.type === 'success' && answer.response.diagnostics.errors.length === 0 && answer.response.decision === 'allow';
  }
}

function keyOf({ tenant, namespaceId }: TrustedPublisher): string {
  return JSON.stringify([tenant, namespaceId]);
}
