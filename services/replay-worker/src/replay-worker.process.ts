import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { nativeSha256, serviceProcess } from '@stella/platform-process';
import { z } from 'zod';
import { JOB_SETTINGS } from './adapters/jobs/job-settings.js';
import { replayWorkerService } from './replay-worker.module.js';

export const replayWorkerProcess = serviceProcess({
  name: 'replay-worker',
  peers: [],
  fields: {
    replaysAtOnce: z.coerce.number().int().min(1).max(64).default(2),
    workFolder: z.string().min(1).optional(),
    replayJobs: json(JOB_SETTINGS).optional(),
  },
  async service(config) {
    return replayWorkerService({
      concurrency: config.replaysAtOnce,
      runnerSha256: await nativeSha256(),
      ...(config.replayJobs && { jobs: { settings: config.replayJobs, certificateAuthority: config.s3Ca } }),
      workFolder: config.workFolder ?? join(tmpdir(), `stella-replays-${process.pid}`),
    });
  },
});

/** A document as a variable's value; what is wrong with it is told by member. */
function json<T extends z.ZodType>(schema: T) {
  return z
    .string()
    .transform((text, context): unknown => {
      try {
        return JSON.parse(text);
      } catch {
        context.addIssue({ code: 'custom', message: 'not JSON' });
        return z.NEVER;
      }
    })
    .pipe(schema);
}
