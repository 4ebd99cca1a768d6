/** What Firestore, or the way to it, said instead of an answer. `status` is a name of google.rpc.Code. */
export class Fault extends Error {
  override readonly name = 'Fault';
  readonly status: string;

  constructor(status: string, message: string, options?: ErrorOptions) {
    super(message, options);
    this.status = status;
  }
}

/** What was thrown, in its own words. */
export function messageOf(thrown: unknown): string {
  return thrown instanceof Error ? thrown.message : String(thrown);
}

/** These may not happen again (https://cloud.google.com/firestore/docs/understand-error-codes). */
const passing = [
  'ABORTED',
  'CANCELLED',
  'DEADLINE_EXCEEDED',
  'INTERNAL',
  'RESOURCE_EXHAUSTED',
  'UNAVAILABLE',
];

/** What a commit says when a document is not as its precondition has it, and nothing was written. */
const conflicts = ['ALREADY_EXISTS', 'FAILED_PRECONDITION'];

export const isPassing = (error: unknown): error is Fault =>
  error instanceof Fault && passing.includes(error.status);
export const isConflict = (error: unknown): error is Fault =>
  error instanceof Fault && conflicts.includes(error.status);

const byHttpStatus: Readonly<Record<number, string>> = {
  400: 'INVALID_ARGUMENT',
  401: 'UNAUTHENTICATED',
  403: 'PERMISSION_DENIED',
  404: 'NOT_FOUND',
  429: 'RESOURCE_EXHAUSTED',
};

/** The fault in an HTTP answer; a front end on the way may answer in its own words. */
export function faultOf(httpStatus: number, text: string, database: string): Fault {
  const said = errorIn(text);
  const status = said?.status ?? byHttpStatus[httpStatus] ?? (httpStatus < 500 ? 'UNKNOWN' : 'UNAVAILABLE');
  const message = said?.message ?? `HTTP ${httpStatus}`;
  return new Fault(status, [`${status}: ${message}`, advice(status, message, database)].join(' ').trim());
}

function errorIn(text: string): { status?: string; message?: string } | undefined {
  try {
    const answer = JSON.parse(text);
    return (Array.isArray(answer) ? answer.at(-1) : answer)?.error;
  } catch {
    return undefined;
  }
}

function advice(status: string, message: string, database: string): string {
  switch (status) {
    case 'PERMISSION_DENIED':
      return `Grant roles/datastore.user to the broker's service account, and enable firestore.googleapis.com (${database}).`;
    case 'UNAUTHENTICATED':
      return "Check GOOGLE_APPLICATION_CREDENTIALS, or the service account that the broker's instance runs as.";
    case 'NOT_FOUND':
      return `Create ${database} in native mode, or correct BROKER_PROJECT and BROKER_FIRESTORE_DATABASE.`;
    case 'FAILED_PRECONDITION':
      return message.includes('index')
        ? 'Create the indexes of terraform/firestore-indexes.json and wait until they are built.'
        : '';
    case 'RESOURCE_EXHAUSTED':
      return "See the quotas page of the database's project.";
    default:
      return '';
  }
}
