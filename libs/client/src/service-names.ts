/** The services of an installation, as their folders and processes are called; a module of its own, since who only names them loads no gRPC. */
export const SERVICE_NAMES = ['psdi', 'marketplace', 'frvf', 'csfg', 'fbpe', 'gate', 'replay-worker'] as const;
export type ServiceName = (typeof SERVICE_NAMES)[number];
