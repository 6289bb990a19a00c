const DEFAULT_TIMEOUT_MS = 30_000;
const MINUTE_MS = 60_000;

/** Calls whose work is long by nature. */
const LONGER_MS: Readonly<Record<string, number>> = {
  '/stella.psdi.v1alpha.DeltaIndexService/UploadArtifact': 10 * MINUTE_MS,
  '/stella.psdi.v1alpha.DeltaIndexService/CreateIndex': 5 * MINUTE_MS,
  '/stella.psdi.v1alpha.DeltaIndexService/CreateDelta': 10 * MINUTE_MS,
  '/stella.psdi.v1alpha.DeltaIndexService/VerifyDelta': 10 * MINUTE_MS,
  '/stella.marketplace.v1alpha.MarketplaceService/UploadFile': 10 * MINUTE_MS,
  '/stella.marketplace.v1alpha.MarketplaceService/FinalizeUpload': 5 * MINUTE_MS,
  '/stella.marketplace.v1alpha.MarketplaceService/DownloadFile': 10 * MINUTE_MS,
  '/stella.fbpe.v1alpha.FederationService/PullPeer': 10 * MINUTE_MS,
  '/stella.gate.v1alpha.GateService/EvaluateRelease': 30 * MINUTE_MS,
  '/stella.gate.v1alpha.GateService/GetBundle': 10 * MINUTE_MS,
};

/** How long a call may take where its caller does not say; what the server is asked to wait comes on top. */
export function defaultTimeoutMs(path: string, request: object): number {
  const waitMs = 'waitMs' in request && typeof request.waitMs === 'number' ? request.waitMs : 0;
  return (LONGER_MS[path] ?? DEFAULT_TIMEOUT_MS) + waitMs;
}
