/** How a client's leaving shows (errno, and Node's own codes). */
const hangUps = [
  'ECONNRESET',
  'EPIPE',
  'ECANCELED',
  'ETIMEDOUT',
  'EHOSTUNREACH',
  'ENETUNREACH',
  'ERR_STREAM_PREMATURE_CLOSE',
];
/** Frames that are not as RFC 9113 has them, and the end of their stream or connection; in HTTP/1 what llhttp says. */
const clientErrors =
  /^(ERR_HTTP2_(ERROR|(SESSION|STREAM)_ERROR|STREAM_CANCEL|GOAWAY_SESSION|INVALID_STREAM)$|HPE_)/;

/** Whether an error is the client's: it left, or did not speak HTTP as it must. Nobody here has anything to mend. */
export function isClientError(error: unknown): boolean {
  const code = String((error as NodeJS.ErrnoException | undefined)?.code ?? '');
  return hangUps.includes(code) || clientErrors.test(code);
}
