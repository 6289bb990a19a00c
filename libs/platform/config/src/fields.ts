import { z } from 'zod';
import { Secret } from './secret.js';

const UNIT_MS = { ms: 1, s: 1_000, m: 60_000, h: 3_600_000, d: 86_400_000 } as const;
const UNIT_BYTES = { B: 1, KiB: 1024, MiB: 1024 ** 2, GiB: 1024 ** 3 } as const;

function quantity<U extends string>(units: Readonly<Record<U, number>>, what: string) {
  const names = Object.keys(units).join(', ');
  const pattern = new RegExp(`^(\\d{1,12})(${Object.keys(units).join('|')})$`);
  return z.string().transform((text, context) => {
    const [, amount, unit] = pattern.exec(text) ?? [];
    if (amount !== undefined && unit !== undefined) return Number(amount) * units[unit as U];
    context.addIssue({ code: 'custom', message: `${what} is a whole number with a unit of ${names}` });
    return z.NEVER;
  });
}

/** `250ms`, `30s`, `5m`, `2h`, `7d` → milliseconds. */
export const durationMs = () => quantity(UNIT_MS, 'a duration');

/** Written as they are given: `9d`. `because` says what breaks below `min`, or what one who asks for it may do instead. */
export interface DurationBounds {
  readonly min: string;
  readonly max: string;
  readonly because: string;
}

/** As `durationMs`, and refused outside of its bounds, which are among them. */
export const durationWithin = ({ min, max, because }: DurationBounds) => {
  const [minMs, maxMs] = [durationMs().parse(min), durationMs().parse(max)];
  return durationMs().superRefine((ms, context) => {
    if (ms >= minMs && ms <= maxMs) return;
    // A duration is no secret: it was understood as one.
    context.addIssue({ code: 'custom', message: `${durationText(ms)} is not within ${min} and ${max}: ${because}` });
  });
};

/** In the largest unit that leaves a whole number. */
export function durationText(ms: number): string {
  const unit = (['d', 'h', 'm', 's'] as const).find((each) => ms > 0 && ms % UNIT_MS[each] === 0) ?? 'ms';
  return `${ms / UNIT_MS[unit]}${unit}`;
}

/** `512B`, `64KiB`, `16MiB`, `2GiB` → bytes. */
export const sizeBytes = () => quantity(UNIT_BYTES, 'a size');

/** 0 asks the system for a free port. */
export const port = () => z.coerce.number().int().min(0).max(65_535);

export const flag = () => z.enum(['true', 'false']).transform((text) => text === 'true');

/** `a,b,c` → its non-empty members, trimmed. */
export const list = () =>
  z.string().transform((text) => text.split(',').map((part) => part.trim()).filter((part) => part !== ''));

/** Never printed; may come from the file named by `<VARIABLE>_FILE`, as container platforms mount secrets. */
export const secret = () => z.string().min(1).transform((text) => new Secret(text));
