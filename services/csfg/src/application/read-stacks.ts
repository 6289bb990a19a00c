import { DomainError } from '@stella/errors';
import type { Stack } from '../domain/stack.js';
import { limits } from '../limits.js';
import type { StackPageQuery, StackRepository } from './ports.js';

export interface StackPage {
  readonly stacks: readonly Stack[];
  /** Where the next page begins; absent after the last. */
  readonly next: StackPageQuery['after'];
}

/** Reads the caller's stacks. */
export class ReadStacks {
  constructor(private readonly stacks: StackRepository) {}

  /** @throws DomainError STACK_NOT_FOUND */
  async one(tenant: string, id: string): Promise<Stack> {
    const stack = await this.stacks.find({ tenant, id });
    if (!stack) throw new DomainError('STACK_NOT_FOUND', { stack: id });
    return stack;
  }

  /** @param pageSize 0 means the default */
  async page(tenant: string, incident: string | undefined, after: StackPageQuery['after'], pageSize: number): Promise<StackPage> {
    const size = Math.min(pageSize || limits.pageSizeDefault, limits.pageSizeMax);
    const found = await this.stacks.page({ tenant, incident, after, countMax: size + 1 });
    const stacks = found.slice(0, size);
    return { stacks, next: found.length > size ? stacks.at(-1) : undefined };
  }
}
