import type { ExplainRequest, ExplainSettings, ExplainWorld } from './explanation.ts';

/** Every answer that an explanation went by, by its question: who has them can decide again, without a broker. */
type Answers = Readonly<Record<string, unknown>>;

/** All that an explanation goes by, as JSON. */
export interface Recording {
  /** The form of this recording. */
  readonly version: 2;
  /** When it was so, RFC 3339. */
  readonly at: string;
  readonly request: ExplainRequest;
  readonly settings: ExplainSettings;
  readonly answers: Answers;
}

const questions = ['machineBy', 'machine', 'rules', 'revision', 'asset', 'damaged', 'signedUrl'] as const;

/** The same world; `answers` fills with what it says. */
export function recorded(world: ExplainWorld): { readonly world: ExplainWorld; readonly answers: Answers } {
  const answers: Record<string, unknown> = {};
  const asking = worldBy(async (question, of) => {
    const answer = await (world[question] as (...of: unknown[]) => unknown)(...of);
    answers[keyOf(question, of)] = answer ?? null;
    return answer;
  });
  return { world: asking, answers };
}

/** The world as it was recorded. It throws at a question that was not asked then. */
export function replayed(answers: Answers): ExplainWorld {
  return worldBy((question, of) => {
    const key = keyOf(question, of);
    // A recording of before it was asked.
    if (question === 'damaged' && !Object.hasOwn(answers, key)) return [];
    if (!Object.hasOwn(answers, key)) throw new Error(`it has no answer to ${key}`);
    return answers[key] ?? undefined;
  });
}

type Question = (typeof questions)[number];

function worldBy(answer: (question: Question, of: readonly unknown[]) => unknown): ExplainWorld {
  const asked = questions.map((question) => [question, (...of: unknown[]) => answer(question, of)]);
  return Object.fromEntries(asked) as ExplainWorld;
}

function keyOf(question: Question, of: readonly unknown[]): string {
  return JSON.stringify([question, ...of]);
}
