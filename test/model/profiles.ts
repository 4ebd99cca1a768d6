import { deepEqual, equal } from 'node:assert/strict';
import fc, { type Arbitrary } from 'fast-check';
import type { ProfileRevision } from '../../src/boot/profile.ts';
import { everyPage, expected, shown } from './machines.ts';
import { type Call, call, type MachineModel, pick, problem } from './model.ts';

const which = fc.nat();
const name = fc.constantFrom('p', 'q');

export const profileCalls: readonly Arbitrary<Call>[] = [
  name.map((name) =>
    call(`make ${name}`, async ({ revisions }, { admin }) => {
      const { status, json } = await admin('/api/v1/profiles', { name, kernel: 'k@1' });
      equal(status, 201);
      revisions.push({ id: json.id, name });
    }),
  ),
  fc.tuple(name, which).map(([name, n]) =>
    call(`make ${name} for ${n}`, async ({ machines, revisions }, { admin }) => {
      const machine = pick(machines, n);
      if (!machine) return;
      const answered = await admin('/api/v1/profiles', { name, kernel: 'k@1', machine_id: machine.id });
      if (machine.gone) return equal(problem(answered), 'unknown-machine');
      equal(answered.status, 201, answered.text);
      revisions.push({ id: answered.json.id, name });
      move(machine, answered.json.id);
    }),
  ),
  fc.tuple(which, which).map(([n, back]) =>
    call(`roll ${n} back to ${back}`, async ({ machines, revisions }, { admin }) => {
      const machine = pick(machines, n);
      const to = pick(revisions, back)?.id;
      if (!machine || !to) return;
      const answered = await admin(`/api/v1/machines/${machine.id}/rollback`, { to });
      if (machine.gone) return equal(problem(answered), 'unknown-machine');
      if (!machine.history.includes(to)) return equal(problem(answered), 'unknown-profile');
      equal(answered.status, 200, answered.text);
      move(machine, to);
      deepEqual(shown(answered.json), expected(machine));
    }),
  ),
  which.map((n) =>
    call(`release ${n}`, async ({ machines }, { admin }) => {
      const machine = pick(machines, n);
      if (!machine) return;
      const answered = await admin(`/api/v1/machines/${machine.id}/active`, undefined, { method: 'DELETE' });
      if (machine.gone) return equal(problem(answered), 'unknown-machine');
      equal(answered.status, 200, answered.text);
      machine.active = undefined;
      machine.version += 1;
      deepEqual(shown(answered.json), expected(machine));
    }),
  ),
  fc.integer({ min: 1, max: 4 }).map((limit) =>
    call(`list profiles by ${limit}`, async ({ revisions }, real) => {
      const all = await everyPage<ProfileRevision>(real, `/api/v1/profiles?limit=${limit}`);
      deepEqual(
        all.map(({ id, name }) => ({ id, name })),
        revisions,
      );
    }),
  ),
];

function move(machine: MachineModel, revision: string): void {
  machine.active = revision;
  machine.history.push(revision);
  machine.version += 1;
}
