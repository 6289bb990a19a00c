import type { Board } from '../board.ts';
import { csfg } from './csfg.ts';
import { fbpe } from './fbpe.ts';
import { frvf } from './frvf.ts';
import { gate } from './gate.ts';
import { incidents } from './incidents.ts';
import { kpis } from './kpis.ts';
import { marketplace } from './marketplace.ts';
import { platform } from './platform.ts';
import { psdi } from './psdi.ts';

export const BOARDS: readonly Board[] = [kpis, platform, gate, frvf, incidents, csfg, psdi, marketplace, fbpe];
