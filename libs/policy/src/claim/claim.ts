/** Functions and packages of the artifact, or the release's files by path. */
export type ChangeTarget = 'code' | 'file';

/** What the author of a release says about it. Every form is closed: there is no free text that a rule could read. */
export type Claim =
  | { readonly kind: 'fixes_incident'; readonly incident: string }
  | { readonly kind: 'changes'; readonly target: ChangeTarget; readonly pattern: string }
  | { readonly kind: 'toolchain'; readonly from: string; readonly to: string }
  | { readonly kind: 'data_only' }
  | { readonly kind: 'no_semantic_change' };

export type ClaimKind = Claim['kind'];

/** The one sentence of a claim; `parseClaim` of it gives the claim again. */
export function claimSentence(claim: Claim): string {
  switch (claim.kind) {
    case 'fixes_incident':
      return `fixes incident ${claim.incident}`;
    case 'changes':
      return claim.target === 'file' ? `changes file ${claim.pattern}` : `changes ${claim.pattern}`;
    case 'toolchain':
      return `toolchain ${claim.from} -> ${claim.to}`;
    case 'data_only':
      return 'data only';
    case 'no_semantic_change':
      return 'no semantic change';
  }
}
