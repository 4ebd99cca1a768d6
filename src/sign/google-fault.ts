import type { IncomingHttpHeaders } from 'node:http';

/** A call to a Google API failed for good. The message says what to do, and holds neither token nor payload. */
export class GoogleFault extends Error {
  override readonly name = 'GoogleFault';
  /** Undefined: no answer at all. */
  readonly status: number | undefined;

  constructor(message: string, status: number | undefined, cause?: unknown) {
    super(message, { cause });
    this.status = status;
  }
}

/** An answer that is no success, or none. */
export interface Refusal {
  readonly status?: number;
  /** Google's word for it: `SERVICE_DISABLED`, `PERMISSION_DENIED`. */
  readonly reason?: string;
  readonly message: string;
  readonly retryAfterMs?: number;
  readonly cause?: unknown;
}

/** What to do about a refusal, by reason or by status. */
export type Advice = Readonly<Record<string, string>>;

/** Reads Google's error model (AIP-193): `error.status`, `error.message`, and in `details` an ErrorInfo with a `reason`. */
export function readRefusal(status: number, headers: IncomingHttpHeaders, text: string): Refusal {
  const error = parseObject(text)?.error as
    | { status?: unknown; message?: unknown; details?: readonly { reason?: unknown }[] }
    | undefined;
  const reasons = Array.isArray(error?.details) ? error.details.map((detail) => detail?.reason) : [];
  const reason = reasons.find((reason) => typeof reason === 'string') ?? error?.status;
  const seconds = Number(headers['retry-after']);
  return {
    status,
    message: typeof error?.message === 'string' ? error.message.slice(0, 500) : 'without a reason',
    ...(typeof reason === 'string' && { reason }),
    ...(seconds >= 0 && { retryAfterMs: seconds * 1000 }),
  };
}

/** `doing` is what failed, in a few words. */
export function faultOf(
  refusal: Refusal,
  call: { doing: string; url: string; advice: Advice },
  attempts: number,
): GoogleFault {
  const { status, reason, message, cause } = refusal;
  const { host } = new URL(call.url);
  const said = status === undefined ? 'no answer' : [status, reason].filter(Boolean).join(' ');
  const times = attempts > 1 ? ` (${attempts} attempts)` : '';
  const advice = call.advice[reason ?? ''] ?? common(host, refusal) ?? call.advice[status ?? ''];
  return new GoogleFault(
    `${call.doing}: ${said} from ${host}${times}: ${message}; ${advice ?? 'try again later'}`,
    status,
    cause,
  );
}

/** What to do about a refusal that any of Google's APIs may give. */
function common(host: string, { reason, status }: Refusal): string | undefined {
  if (reason === 'SERVICE_DISABLED') return `enable the API: gcloud services enable ${host}`;
  if (reason === 'ACCESS_TOKEN_SCOPE_INSUFFICIENT')
    return 'give the VM the access scope cloud-platform (gcloud compute instances set-service-account)';
  if (status === 401)
    return "a new access token is refused as well: set this machine's clock (NTP), and see that the service account is not disabled";
  if (status === undefined)
    return `see that ${host} is reached from here (DNS, egress firewall, Private Google Access)`;
  return undefined;
}

/** Undefined: the text is no JSON object. */
export function parseObject(text: string): Readonly<Record<string, unknown>> | undefined {
  try {
    const value: unknown = JSON.parse(text);
    return typeof value === 'object' && value !== null ? (value as Record<string, unknown>) : undefined;
  } catch {
    return undefined;
  }
}
