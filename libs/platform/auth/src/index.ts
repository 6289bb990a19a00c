export { authorize, type Action, type Resource } from './authorize.js';
export { keycloakClaims, STELLA_CLAIMS, type ClaimPaths } from './claims.js';
export { DevelopmentIssuer, type DevelopmentClient, type DevelopmentIssuerConfig } from './development-issuer.js';
export { IssuerMetadata, type IssuerConfig, type Metadata } from './issuer-metadata.js';
export { OidcLogin, type LoginAttempt, type LoginSession, type OidcLoginConfig } from './oidc-login.js';
export { ROLES, type Authenticator, type Principal, type Role } from './principal.js';
export { ClientCredentialsSource, type ClientCredentials, type TokenSource } from './token-source.js';
export { TokenVerifier, type TokenVerifierConfig } from './token-verifier.js';
