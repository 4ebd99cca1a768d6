/**
 * Every reason for which this storage says no: one table, which the XML and the JSON API both answer from.
 * Codes and messages are Google's (Cloud Storage, "XML API HTTP status codes", "JSON API error codes").
 */
export const codes = {
  InvalidURI: { status: 400, reason: 'invalid', message: "Couldn't parse the specified URI." },
  InvalidArgument: { status: 400, reason: 'invalid', message: 'Invalid argument.' },
  ExpiredToken: { status: 400, reason: 'invalid', message: 'Invalid argument.' },
  MalformedSecurityHeader: {
    status: 400,
    reason: 'invalid',
    message: 'Your request has a malformed header.',
  },
  BadDigest: {
    status: 400,
    reason: 'invalid',
    message: "The checksum you specified did not match the object's content.",
  },
  AuthenticationRequired: { status: 401, reason: 'required', message: 'Authentication required.' },
  AccessDenied: { status: 403, reason: 'forbidden', message: 'Access denied.' },
  SignatureDoesNotMatch: {
    status: 403,
    reason: 'forbidden',
    message: 'The request signature we calculated does not match the signature you provided.',
  },
  NoSuchBucket: { status: 404, reason: 'notFound', message: 'The specified bucket does not exist.' },
  NoSuchKey: { status: 404, reason: 'notFound', message: 'The specified key does not exist.' },
  NoSuchUpload: { status: 404, reason: 'notFound', message: 'The specified upload does not exist.' },
  NoSuchRoute: { status: 404, reason: 'notFound', message: 'Not found.' },
  MethodNotAllowed: { status: 405, reason: 'methodNotAllowed', message: 'The method is not allowed here.' },
  UploadExpired: { status: 410, reason: 'gone', message: 'The upload session has expired; start another.' },
  PreconditionFailed: {
    status: 412,
    reason: 'conditionNotMet',
    message: 'At least one of the pre-conditions you specified did not hold.',
  },
  EntityTooLarge: { status: 413, reason: 'uploadTooLarge', message: 'The body is too large.' },
  InvalidRange: {
    status: 416,
    reason: 'requestedRangeNotSatisfiable',
    message: 'The requested range cannot be satisfied.',
  },
  DamagedObject: {
    status: 500,
    reason: 'internalError',
    message: 'The bytes of this object are damaged on the disk of this storage.',
  },
  InternalError: { status: 500, reason: 'internalError', message: 'The storage failed; see its log.' },
  NotImplemented: { status: 501, reason: 'notImplemented', message: 'This storage does not do that.' },
  InsufficientStorage: {
    status: 507,
    reason: 'insufficientStorage',
    message: 'The disk of this storage is full; nothing was changed. Free some space, then try again.',
  },
} as const;

export type Code = keyof typeof codes;

/** A no, as a value. */
export interface Refusal {
  readonly refused: Code;
  /** What happened, to what, and what to do next. */
  readonly details?: string;
  /** Further elements of the XML error, such as StringToSign. */
  readonly elements?: Readonly<Record<string, string>>;
  readonly headers?: Readonly<Record<string, string>>;
}

export function refuse(
  refused: Code,
  details?: string,
  more?: Omit<Refusal, 'refused' | 'details'>,
): Refusal {
  return { refused, ...(details !== undefined && { details }), ...more };
}

export function isRefusal<T>(value: T | Refusal): value is Refusal {
  return typeof value === 'object' && value !== null && 'refused' in value;
}
