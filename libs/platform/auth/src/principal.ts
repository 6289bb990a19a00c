/** What a caller may be within a tenant. `service` is for the product's own processes. */
export const ROLES = ['contributor', 'maintainer', 'moderator', 'auditor', 'operator', 'service'] as const;
export type Role = (typeof ROLES)[number];

/** Who calls, as proved by the token. */
export interface Principal {
  readonly subject: string;
  readonly tenant: string;
  readonly organisation: string;
  readonly roles: readonly Role[];
  /** All tenants that the token names, where there are several; a call may choose one of them. */
  readonly tenants?: readonly string[];
}

/** Finds out who sends a request; the one thing that the transport needs to know of identity. */
export interface Authenticator {
  /**
   * @param authorization the `authorization` header or metadata entry
   * @throws DomainError `UNAUTHENTICATED` with the fact `problem`
   */
  authenticate(authorization: string | undefined): Promise<Principal>;
  /** Who was authenticated by the same header a moment ago, at once; undefined says nothing. */
  remembered?(authorization: string | undefined): Principal | undefined;
}
