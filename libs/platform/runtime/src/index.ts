/**
 * How a service is written. `services/<name>/src/<name>.module.ts` wires the pieces and is the only file that knows all:
 *
 *     export function csfgService(): StellaService {
 *       return {
 *         name: 'csfg',
 *         grpc: { 'stella.csfg.v1alpha.StackGraphService': StackGraphServiceService },
 *         migrationsFolder: fileURLToPath(new URL('../migrations', import.meta.url)),
 *         wire(context) {
 *           const stacks = new StackRepository(context.database);
 *           const ingest = new IngestStack(stacks, new Announcements(context), context.clock);
 *           context.events.subscribe({ topic: WITNESS_RECORDED }, new WitnessRecordedConsumer(ingest));
 *           return {
 *             controllers: [StackGraphController],
 *             providers: [{ provide: IngestStack, useValue: ingest }],
 *             start: () => stacks.loadIndex(),
 *           };
 *         },
 *       };
 *     }
 *
 * A controller translates, authorises and calls one use case:
 *
 *     @Controller()
 *     export class StackGraphController {
 *       constructor(private readonly ingest: IngestStack) {}
 *
 *       @GrpcMethod('StackGraphService', 'ingestStack')
 *       async ingestStack(request: IngestStackRequest, metadata: Metadata): Promise<IngestStackResponse> {
 *         const principal = principalOf(metadata);
 *         authorize(principal, 'write', { type: 'stack', id: '*', tenant: principal.tenant });
 *         return { stack: toProto(await this.ingest.execute(principal, fromProto(request))) };
 *       }
 *     }
 *
 * HTTP controllers are Nest's own (express); requests there carry no principal. Requests on the wire have been held
 * against the proto's rules before a controller sees them, and whatever a controller throws becomes a typed status.
 * `startTestRuntime` of `@stella/platform-runtime/testing` runs services on a real database and real sockets in a test.
 */
export { migrationsOf } from './migrations-of.js';
export { Runtime, type RuntimeConfig } from './runtime.js';
export { type Peers, type Profile, type ServiceContext, type ServiceParts, type StellaService } from './service.js';
export { type AddressOf } from './peers.js';
