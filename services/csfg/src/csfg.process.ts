import { serviceProcess } from '@stella/platform-process';
import { csfgService, migrationsFolder } from './csfg.module.js';

export const csfgProcess = serviceProcess({
  name: 'csfg',
  peers: ['marketplace'],
  migrationsFolder,
  fields: {},
  service: () => csfgService(),
});
