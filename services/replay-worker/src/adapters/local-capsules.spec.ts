import { context, trace } from '@opentelemetry/api';
import { AsyncLocalStorageContextManager } from '@opentelemetry/context-async-hooks';
import { InMemorySpanExporter, SimpleSpanProcessor, TracerProvider } from '@opentelemetry/sdk-trace';
import { isDomainError } from '@stella/errors';
import { nativeExecutable } from '@stella/native';
import { LocalCapsules } from './local-capsules.js';

const exporter = new InMemorySpanExporter();
beforeAll(() => {
  context.setGlobalContextManager(new AsyncLocalStorageContextManager().enable());
  trace.setGlobalTracerProvider(new TracerProvider({ spanProcessors: [new SimpleSpanProcessor({ exporter })] }));
});
afterAll(() => {
  trace.disable();
  context.disable();
});
afterEach(() => exporter.reset());

const here = (() => {
  try {
    return nativeExecutable() !== '';
  } catch (error) {
    if (!isDomainError(error, 'NATIVE_MISSING') || process.env['CI']) throw error;
    return false;
  }
})();
const testHere = here ? test : test.skip;

testHere('a run is a span that says what became of it', async () => {
  const capsules = new LocalCapsules(1);
  await capsules.run({ program: '/usr/bin/false' }, new AbortController().signal);
  await capsules.run({ program: '/nowhere' }, new AbortController().signal).catch(() => undefined);
  const [ran, failed] = exporter.getFinishedSpans();
  expect(ran).toMatchObject({ name: 'capsule run', attributes: { 'process.executable.name': 'stella-native', 'process.exit.code': 1, 'stella.capsule.isolation': 'I1' } });
  expect(failed).toMatchObject({ name: 'capsule run', attributes: { 'error.type': 'NATIVE_FAILED' } });
});
