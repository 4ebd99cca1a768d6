import { type Desired, type DesiredProfile, type Fault, fault } from '../../../boot/apply/desired.ts';
import type { ApplyPlan } from '../../../boot/apply/plan.ts';
import { assetTitle } from '../../../boot/asset/asset-name.ts';
import { type Refusal, refuseParts } from '../../../boot/problem.ts';
import { templateFault } from '../../../boot/template/template.ts';

/** Assets have to be there before anything boots them. */
export function notThere({ missing }: ApplyPlan, { assets }: Desired): Refusal {
  const faults = missing.map((one) =>
    fault(['assets', assets.indexOf(one)], `${assetTitle(one)} is not ready yet; push it first`),
  );
  return refuseFaults('asset-not-ready', faults);
}

/** Said at write, by line and column of the command line, so that no boot has to find out. */
export async function brokenTemplates({ profiles, rules, machines }: Desired): Promise<readonly Fault[]> {
  const sources: (readonly [Fault['path'], DesiredProfile])[] = profiles.map((one, n) => [
    ['profiles', n],
    one,
  ]);
  for (const [section, items] of Object.entries({ rules, machines }))
    for (const [n, { profile }] of items.entries())
      if (typeof profile === 'object' && profile !== null) sources.push([[section, n, 'profile'], profile]);
  const faults = await Promise.all(
    sources.map(async ([path, { cmdline }]) => {
      const found = await templateFault(cmdline);
      return found
        ? [fault([...path, 'cmdline'], `line ${found.line}, column ${found.column}: ${found.message}`)]
        : [];
    }),
  );
  return faults.flat();
}

/** The first of these faults in a sentence, and each of the first hundred with its place. */
export function refuseFaults(
  problem: 'unappliable' | 'asset-not-ready' | 'template-error',
  faults: readonly Fault[],
): Refusal {
  const told = faults
    .slice(0, 5)
    .map(({ path, message }) => (path.length > 0 ? `${path.join('.')}: ${message}` : message));
  const more = faults.length > told.length ? `; and ${faults.length - told.length} more` : '';
  return refuseParts(problem, `${told.join('; ')}${more}.`, faults);
}
