import { durationText, durationWithin } from '@stella/platform-config';
import { limits } from './limits.js';

const MAX = '3650d';

/** Variables of how long the gate keeps what is no evidence. Verdicts, bundles and withdrawals have none: they stay. */
export const GATE_RETENTION_FIELDS = {
  retentionNews: durationWithin({
    min: durationText(limits.newsKeptMsMin),
    max: MAX,
    because: 'a verdict is in force for up to 180d, and news about it that were forgotten would let it be answered again',
  }).prefault(durationText(limits.newsKeptMs)),
  retentionEvaluations: durationWithin({
    min: durationText(limits.evaluationsKeptMsMin),
    max: MAX,
    because: 'an evaluation that still runs, or is taken up again after its process was killed, would lose its row',
  }).prefault(durationText(limits.evaluationsKeptMs)),
};
