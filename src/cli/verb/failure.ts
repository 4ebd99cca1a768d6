/** An RFC 9457 problem document as the broker answers it. */
export interface ProblemDocument {
  readonly type: string;
  readonly title: string;
  readonly status: number;
  readonly detail?: string;
  /** Which fields of the request are wrong. */
  readonly errors?: readonly unknown[];
}

export const exitCodes = {
  refused: 1,
  usage: 2,
  failed: 3,
  interrupted: 130,
} as const;

/** Ends the command: `what happened; what to do next`. */
export class Failure extends Error {
  readonly kind: keyof typeof exitCodes;
  readonly problem: ProblemDocument | undefined;
  /** It may pass by itself: the same thing tried again can succeed. */
  readonly passing: boolean;
  /** More of it, a line each. */
  readonly details: readonly string[];

  constructor(
    kind: keyof typeof exitCodes,
    message: string,
    more: { problem?: ProblemDocument; passing?: boolean; details?: readonly string[] } = {},
  ) {
    super(message);
    this.kind = kind;
    this.problem = more.problem;
    this.passing = more.passing ?? false;
    this.details = more.details ?? [];
  }
}
