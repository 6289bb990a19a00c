import { pino, type DestinationStream, type Logger as PinoLogger } from 'pino';
import { prettyFactory } from 'pino-pretty';
import { redact } from './redaction.js';
import { currentTrace } from './tracing.js';

export type Logger = PinoLogger;
export type LogLevel = 'fatal' | 'error' | 'warn' | 'info' | 'debug' | 'trace' | 'silent';

export interface LoggerOptions {
  readonly name: string;
  readonly level?: LogLevel;
  /** One JSON object a line for machines, or lines for a person. */
  readonly format?: 'json' | 'pretty';
  /** Where lines go; standard error by default, so that standard output stays for answers. */
  readonly destination?: DestinationStream;
}

/**
 * A logger whose records carry the current `traceId` and `spanId` and show no secret. The pretty form is made in the
 * process itself: a worker thread would lose the last lines of a crash.
 */
export function createLogger(options: LoggerOptions): Logger {
  const plain = options.destination ?? pino.destination({ fd: 2, sync: true });
  const destination = options.format === 'pretty' ? prettyDestination(plain, options.destination === undefined && process.stderr.isTTY) : plain;
  return pino(
    {
      name: options.name,
      level: options.level ?? 'info',
      base: { pid: process.pid },
      timestamp: pino.stdTimeFunctions.isoTime,
      serializers: { err: (error: unknown) => error },
      formatters: {
        level: (label) => ({ level: label }),
        log: (record) => redact(record) as Record<string, unknown>,
      },
      mixin: () => {
        const at = currentTrace();
        return at === undefined ? {} : { traceId: at.traceId, spanId: at.spanId };
      },
    },
    destination,
  );
}

function prettyDestination(plain: DestinationStream, colorize: boolean): DestinationStream {
  const prettify = prettyFactory({ colorize, ignore: 'pid,hostname,traceId,spanId', translateTime: 'SYS:HH:MM:ss.l' });
  return { write: (line) => plain.write(prettify(line)) };
}
