// The package has no types of its own.
declare module 'spdx-expression-parse' {
  export interface LicenceNode {
    readonly license: string;
    readonly plus?: true;
    readonly exception?: string;
  }
  export interface ConjunctionNode {
    readonly left: ExpressionNode;
    readonly conjunction: 'and' | 'or';
    readonly right: ExpressionNode;
  }
  export type ExpressionNode = LicenceNode | ConjunctionNode;

  /** @throws Error for what is no SPDX expression, unknown identifiers included */
  export default function parse(expression: string): ExpressionNode;
}
