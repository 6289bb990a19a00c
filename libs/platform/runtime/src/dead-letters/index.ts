import { DeadLetterServiceService } from '@stella/contracts/stella/events/v1alpha/dead_letters';

export { DeadLetters } from './dead-letters.js';
export { DeadLettersController } from './dead-letters.controller.js';

/** Served by every process beside what its services serve. */
export const DEAD_LETTERS_GRPC = { 'stella.events.v1alpha.DeadLetterService': DeadLetterServiceService } as const;
