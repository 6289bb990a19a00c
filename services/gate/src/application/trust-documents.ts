/** What a verifier needs to have from elsewhere; handed out for convenience, to be compared by other means. */
export class TrustDocuments {
  constructor(
    readonly trustRoot: Uint8Array,
    /** Of the key that signed the root; empty for a development root, which nobody signs. */
    readonly rootKeyFingerprint: string,
  ) {}
}
