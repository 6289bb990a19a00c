/** What an incident waits for: a witness that makes it happen again; a build that is shown to be free of it. */
export const MILESTONES = ['witness', 'fix'] as const;
export type Milestone = (typeof MILESTONES)[number];

/** Incidents that have not come to a milestone. */
export interface Waiting {
  readonly milestone: Milestone;
  readonly count: number;
  /** Of the oldest one; 0 where there is none. */
  readonly longestMs: number;
}
