import type { FunctionOccurrence, FunctionRepository, FunctionSought } from './ports.js';

export interface FunctionPageQuery {
  readonly tenant: string;
  readonly sought: FunctionSought;
  readonly after: { readonly artifactSha256: string; readonly position: number };
  readonly pageSize: number;
}

export interface FunctionPage {
  readonly occurrences: readonly FunctionOccurrence[];
  /** Undefined: there are no more. */
  readonly last: FunctionOccurrence | undefined;
}

/** In which of the tenant's indexed artifacts a function occurs, by artifact. */
export class FindFunction {
  constructor(private readonly functions: FunctionRepository) {}

  async execute({ pageSize, ...query }: FunctionPageQuery): Promise<FunctionPage> {
    const found = await this.functions.find({ ...query, countMax: pageSize + 1 });
    const occurrences = found.slice(0, pageSize);
    return { occurrences, last: found.length > pageSize ? occurrences.at(-1) : undefined };
  }
}
