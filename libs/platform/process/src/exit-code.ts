/** What a process ends with; orchestrators and runbooks rely on it. */
export const EXIT = { ok: 0, failed: 1, configuration: 2, schema: 3 } as const;
export type ExitCode = (typeof EXIT)[keyof typeof EXIT];
