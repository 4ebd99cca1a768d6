import type { Machine } from '../machine/machine.ts';
import { type Refusal, refuse } from '../problem.ts';
import { type BootFacts, exampleBoot } from './boot-facts.ts';
import { isTemplate } from './cmdline.ts';
import type { TemplateFacts, TemplateFault } from './liquid.ts';

/** What templates speak of: a machine, or somebody of whom only claims are known. */
export type TemplateSubject = Pick<Machine, 'macs' | 'labels'> &
  Partial<Pick<Machine, 'id' | 'name' | 'uuid' | 'serial'>>;

let engine: Promise<typeof import('./liquid.ts')> | undefined;

function loaded() {
  engine ??= import('./liquid.ts');
  return engine;
}

/** The command line for this machine. The engine is loaded when the first template needs it. */
export async function renderedCmdline(
  source: string,
  subject: TemplateSubject,
  boot: BootFacts = exampleBoot,
  revision?: TemplateFacts['revision'],
): Promise<string | TemplateFault> {
  if (!isTemplate(source)) return source;
  const { render } = await loaded();
  return render(source, { ...factsOf(subject), boot, ...(revision && { revision }) });
}

/** Why no machine could ever use this template; undefined when one could. */
export async function templateFault(source: string): Promise<TemplateFault | undefined> {
  if (!isTemplate(source)) return undefined;
  const { parseFault } = await loaded();
  return parseFault(source);
}

/** `what` says whose template failed, and for whom. */
export function templateError({ line, column, message }: TemplateFault, what: string): Refusal {
  return refuse('template-error', `${what}: line ${line}, column ${column}: ${message}.`);
}

function factsOf({ id, name, uuid, serial, macs, labels }: TemplateSubject): Omit<TemplateFacts, 'boot'> {
  const [mac] = macs;
  const machine = {
    ...(id && { id }),
    ...(name && { name }),
    ...(mac && { mac }),
    macs,
    ...(uuid && { uuid }),
    ...(serial && { serial }),
    labels,
  };
  return { machine, labels };
}
