import { runMain, serviceProcess } from '@stella/platform-process';
import { z } from 'zod';

/** The `main.ts` of a service that never gets to work. */
await runMain(
  serviceProcess({
    name: 'sample',
    peers: ['psdi'],
    fields: { sampleCount: z.coerce.number().int().default(3) },
    service: () => ({ name: 'sample', grpc: {}, wire: () => ({ controllers: [], providers: [] }) }),
  }),
);
