import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { nativeSha256, serviceProcess } from '@stella/platform-process';
import { z } from 'zod';
import { replayWorkerService } from './replay-worker.module.js';

export const replayWorkerProcess = serviceProcess({
  name: 'replay-worker',
  peers: [],
  fields: {
    replaysAtOnce: z.coerce.number().int().min(1).max(64).default(2),
    workFolder: z.string().min(1).optional(),
  },
  async service(config) {
    return replayWorkerService({
      concurrency: config.replaysAtOnce,
      runnerSha256: await nativeSha256(),
      workFolder: config.workFolder ?? join(tmpdir(), `stella-replays-${process.pid}`),
    });
  },
});
