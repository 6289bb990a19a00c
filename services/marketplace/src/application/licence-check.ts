import parse, { type ExpressionNode } from 'spdx-expression-parse';
import type { Check } from '../domain/checks.js';
import { failed } from '../domain/finding.js';

export interface LicencePolicy {
  /** Whether a pack under this one licence may be handed to anybody: an SPDX identifier or a LicenseRef. */
  isAllowed(identifier: string): boolean;
}

/** A licence whose text nobody can look up, and those that forbid a paid service to hand the work out. */
const NOT_TO_REDISTRIBUTE = /^LicenseRef-|^DocumentRef-|-NC-|^(?:BUSL-1\.1|SSPL-1\.0|Elastic-2\.0|PolyForm-)/;

export const DEFAULT_LICENCE_POLICY: LicencePolicy = { isAllowed: (identifier) => !NOT_TO_REDISTRIBUTE.test(identifier) };

/** Parentheses nest in the parser's recursion. */
const NESTING_MAX = 16;

/**
 * An SPDX licence expression (SPDX 3.0, annex B) under which the pack may be handed out: of alternatives one that is
 * allowed suffices, of a conjunction all must be.
 */
export function checkLicence(policy: LicencePolicy): Check {
  return ({ manifest: { licence } }) => {
    const expression = parsed(licence);
    if (!expression) return [failed('PACK_LICENSE_INVALID', `${licence}: no SPDX licence expression`)];
    return mayHandOut(expression, policy) ? [] : [failed('PACK_LICENSE_INVALID', `${licence}: may not be handed out here`)];
  };
}

function parsed(licence: string): ExpressionNode | undefined {
  if ((licence.match(/\(/g)?.length ?? 0) > NESTING_MAX) return undefined;
  try {
    return parse(licence);
  } catch {
    return undefined;
  }
}

function mayHandOut(node: ExpressionNode, policy: LicencePolicy): boolean {
  if (!('conjunction' in node)) return policy.isAllowed(node.license);
  const [left, right] = [mayHandOut(node.left, policy), mayHandOut(node.right, policy)];
  return node.conjunction === 'and' ? left && right : left || right;
}
