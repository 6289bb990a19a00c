/** On the process itself: `register` may be another copy of this package than the program's. */
const KEY = Symbol.for('stella.telemetry.shutdown');
const holder = globalThis as { [KEY]?: () => Promise<void> };

export function setTelemetryShutdown(shutdown: () => Promise<void>): void {
  holder[KEY] = shutdown;
}

/** Sends the spans that are still buffered, if the process was started with `register`. Never throws: nobody stays for a lost span. */
export async function flushTelemetry(): Promise<void> {
  await holder[KEY]?.().catch(() => undefined);
}
