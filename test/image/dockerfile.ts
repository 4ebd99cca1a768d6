/** What the Dockerfile of this project says, one stage after the other; whatever else a Dockerfile could say is refused. */
export interface Stage {
  readonly name: string | undefined;
  readonly image: string;
  readonly steps: readonly Step[];
  /** The program and its arguments, if the stage ends in one. */
  readonly command: readonly string[] | undefined;
}

export type Step =
  | { readonly kind: 'workdir'; readonly path: string }
  | { readonly kind: 'env'; readonly values: Readonly<Record<string, string>> }
  | { readonly kind: 'user'; readonly name: string }
  | { readonly kind: 'run'; readonly line: string }
  | {
      readonly kind: 'copy';
      /** A stage; undefined: the build context. */
      readonly from: string | undefined;
      readonly sources: readonly string[];
      readonly target: string;
    };

interface Draft {
  name: string | undefined;
  image: string;
  steps: Step[];
  command: string[] | undefined;
}

export function parseDockerfile(text: string): readonly Stage[] {
  const stages: Draft[] = [];
  for (const line of text.split('\n').filter((line) => line.trim() !== '' && !line.startsWith('#'))) {
    const [, keyword = '', rest = ''] = /^([A-Z]+) (.*)$/.exec(line) ?? [];
    const words = rest.split(/ +/);
    if (keyword === 'FROM') {
      const [image = '', as, name] = words;
      if (as !== undefined && as !== 'AS') throw new Error(`not understood: ${line}`);
      stages.push({ name, image, steps: [], command: undefined });
      continue;
    }
    const stage = stages.at(-1);
    if (!stage) throw new Error(`before the first FROM: ${line}`);
    if (keyword === 'CMD') stage.command = JSON.parse(rest);
    else if (keyword !== 'EXPOSE') stage.steps.push(stepOf(keyword, rest, words, line));
  }
  return stages;
}

function stepOf(keyword: string, rest: string, words: readonly string[], line: string): Step {
  switch (keyword) {
    case 'WORKDIR':
      return { kind: 'workdir', path: rest };
    case 'USER':
      return { kind: 'user', name: rest };
    case 'RUN':
      return { kind: 'run', line: rest };
    case 'ENV':
      return { kind: 'env', values: Object.fromEntries(words.map((word) => word.split('=', 2))) };
    case 'COPY': {
      const from = words[0]?.startsWith('--from=') ? words[0].slice('--from='.length) : undefined;
      const paths = words.filter((word) => !word.startsWith('--'));
      if (words.length - paths.length !== (from ? 1 : 0)) break;
      return { kind: 'copy', from, sources: paths.slice(0, -1), target: paths.at(-1) ?? '' };
    }
  }
  throw new Error(`not understood: ${line}`);
}

/** What a .dockerignore that first excludes everything lets in again. */
export function parseDockerignore(text: string): readonly string[] {
  const [first, ...rest] = text.trim().split('\n');
  if (first !== '*' || rest.some((line) => !/^!(\.?[\w-]+)+$/.test(line)))
    throw new Error('.dockerignore is to exclude everything, and then to name what is let in');
  return rest.map((line) => line.slice(1));
}
