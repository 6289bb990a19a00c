export const STAGES = ['index', 'delta', 'witness', 'replay', 'log', 'cross-verify', 'decide', 'sign'] as const;
export type Stage = (typeof STAGES)[number];

export interface Progress {
  readonly stage: Stage;
  readonly message: string;
  readonly done: number;
  readonly total: number;
  readonly cached: boolean;
}

export type Report = (progress: Progress) => void;
