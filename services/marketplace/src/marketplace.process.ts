import { list } from '@stella/platform-config';
import { serviceProcess } from '@stella/platform-process';
import { z } from 'zod';
import { marketplaceService, migrationsFolder } from './marketplace.module.js';

const PUBLISHER = /^(?<tenant>[A-Za-z0-9][A-Za-z0-9._:-]{0,127})\/(?<namespace>[a-z0-9][a-z0-9-]{0,62})$/;

export const marketplaceProcess = serviceProcess({
  name: 'marketplace',
  peers: [],
  migrationsFolder,
  fields: {
    trustedPublishers: list().prefault('').pipe(z.array(z.string().regex(PUBLISHER, 'a publisher is tenant/namespace')).max(1_000)),
  },
  service: ({ trustedPublishers, retentionUploads }) =>
    marketplaceService({
      uploadLifetimeMs: retentionUploads,
      trustedPublishers: trustedPublishers.map((text) => {
        const [tenant = '', namespaceId = ''] = text.split('/');
        return { tenant, namespaceId };
      }),
    }),
});
