/**
 * Why a signed request is refused: `kind` for code, `message` for people. No message ever holds a signature.
 *
 * What Cloud Storage answers to each (observed): `expired` is 400 ExpiredToken, `invalid-parameter` 400
 * MalformedSecurityHeader, `malformed` 400; every other kind is 403, SignatureDoesNotMatch or AccessDenied.
 */
export type Failure = { readonly message: string } & (
  | { readonly kind: 'malformed' }
  | { readonly kind: 'invalid-parameter'; readonly parameter: string }
  | { readonly kind: 'header'; readonly header: string }
  | { readonly kind: 'unknown-identity'; readonly identity: string }
  | { readonly kind: 'algorithm'; readonly algorithm: string }
  | { readonly kind: 'wrong-signature' }
  | { readonly kind: 'method'; readonly signedFor: string | undefined }
  | { readonly kind: 'host'; readonly signedFor: string | undefined }
  | { readonly kind: 'tampered-parameter'; readonly parameter: string }
  | { readonly kind: 'expired'; readonly at: Date }
  | { readonly kind: 'not-yet-valid'; readonly from: Date }
);

/** The target cannot be read as the path and query of a URL. */
export const malformed = (message: string): Failure => ({ kind: 'malformed', message });

/** A parameter that is missing, stands twice, or breaks the rules of V4 signing. */
export const invalidParameter = (parameter: string, message: string): Failure => ({
  kind: 'invalid-parameter',
  parameter,
  message: `The parameter ${parameter} ${message}`,
});
