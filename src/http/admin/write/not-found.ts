import { type Refusal, refuse } from '../../../boot/problem.ts';

export function noMachine(id: string): Refusal {
  return refuse('unknown-machine', `There is no machine ${id}. List them: bootbroker machine list`);
}

export function noRule(id: string): Refusal {
  return refuse('unknown-rule', `There is no rule ${id}. List them: bootbroker rule list`);
}
