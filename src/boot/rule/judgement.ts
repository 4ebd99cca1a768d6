/** Kleene's third value is for what can only be said when the machine asks: its address, or what it claims. */
export type Match = 'yes' | 'no' | 'unknown';

/** What a selector says of a subject, and why. */
export interface Judgement {
  readonly match: Match;
  readonly because: string;
}

export function said(match: boolean, because: string): Judgement {
  return { match: match ? 'yes' : 'no', because };
}

export function open(because: string): Judgement {
  return { match: 'unknown', because };
}

/** All of them hold; of nothing, that is so. */
export function judgedAll(parts: readonly Judgement[], ofNothing: string): Judgement {
  const wrong = parts.find(({ match }) => match === 'no') ?? parts.find(({ match }) => match === 'unknown');
  if (wrong) return { match: wrong.match, because: wrong.because };
  return { match: 'yes', because: parts.map(({ because }) => because).join(' and ') || ofNothing };
}

/** One of them holds; of nothing, none does. */
export function judgedAny(parts: readonly Judgement[], ofNothing: string): Judgement {
  const right = parts.find(({ match }) => match === 'yes') ?? parts.find(({ match }) => match === 'unknown');
  if (right) return { match: right.match, because: right.because };
  return { match: 'no', because: parts.map(({ because }) => because).join(' and ') || ofNothing };
}
