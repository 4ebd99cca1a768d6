import { deepEqual, equal } from 'node:assert/strict';
import fc, { type Arbitrary } from 'fast-check';
import type { Machine } from '../../src/boot/machine/machine.ts';
import { every, type Page, type PageRequest } from '../../src/records/records.ts';
import { type Call, call, type MachineModel, type Model, pick, problem, type Real } from './model.ts';

/** So few that machines quarrel about them. */
const mac = fc.integer({ min: 1, max: 5 }).map((n) => `52:54:00:00:00:0${n}`);
const wanted = fc.record({
  macs: fc.uniqueArray(mac, { maxLength: 2 }),
  serial: fc.constantFrom('A', 'B', 'C'),
});
const which = fc.nat();
const match = fc.constantFrom('any', 'current', 'stale');

export const machineCalls: readonly Arbitrary<Call>[] = [
  wanted.map((body) =>
    call(`register ${JSON.stringify(body)}`, async (model, { admin }) => {
      const answered = await admin('/api/v1/machines', body);
      if (isTaken(model, body.macs)) return equal(problem(answered), 'mac-taken');
      equal(answered.status, 201, answered.text);
      const { id } = answered.json;
      model.machines.push({ id, ...body, version: 1, active: undefined, history: [], gone: false });
    }),
  ),
  fc.tuple(which, wanted, match).map(([n, body, how]) =>
    call(`replace ${n} ${JSON.stringify(body)} ${how}`, async (model, { admin }) => {
      const machine = pick(model.machines, n);
      if (!machine) return;
      const answered = await admin(`/api/v1/machines/${machine.id}`, undefined, {
        method: 'PUT',
        body: JSON.stringify(body),
        headers: ifMatch(machine, how),
      });
      if (machine.gone) return equal(problem(answered), 'unknown-machine');
      if (how === 'stale') return equal(problem(answered), 'precondition-failed');
      if (isTaken(model, body.macs, machine)) return equal(problem(answered), 'mac-taken');
      equal(answered.status, 200, answered.text);
      Object.assign(machine, body, { version: machine.version + 1 });
      deepEqual(shown(answered.json), expected(machine));
    }),
  ),
  fc.tuple(which, match).map(([n, how]) =>
    call(`delete ${n} ${how}`, async (model, { admin }) => {
      const machine = pick(model.machines, n);
      if (!machine) return;
      const headers = ifMatch(machine, how);
      const answered = await admin(`/api/v1/machines/${machine.id}`, undefined, {
        method: 'DELETE',
        headers,
      });
      if (machine.gone) return equal(problem(answered), 'unknown-machine');
      if (how === 'stale') return equal(problem(answered), 'precondition-failed');
      equal(answered.status, 204, answered.text);
      machine.gone = true;
    }),
  ),
  mac.map((mac) =>
    call(`find ${mac}`, async (model, { admin }) => {
      const { json } = await admin(`/api/v1/machines?mac=${mac}`);
      const holder = model.machines.filter((one) => !one.gone && one.macs.includes(mac));
      deepEqual(json.items.map(shown), holder.map(expected));
    }),
  ),
  fc.integer({ min: 1, max: 4 }).map((limit) =>
    call(`list machines by ${limit}`, async (model, real) => {
      const all = await everyPage<Machine>(real, `/api/v1/machines?limit=${limit}`);
      deepEqual(all.map(shown), model.machines.filter((one) => !one.gone).map(expected));
    }),
  ),
  which.map((n) =>
    call(`read ${n}`, async (model, { admin }) => {
      const machine = pick(model.machines, n);
      if (!machine) return;
      const answered = await admin(`/api/v1/machines/${machine.id}`);
      if (machine.gone) return equal(problem(answered), 'unknown-machine');
      equal(answered.headers.etag, `"${machine.version}"`);
      deepEqual(shown(answered.json), expected(machine));
    }),
  ),
];

function isTaken({ machines }: Model, macs: readonly string[], by?: MachineModel): boolean {
  const others = machines.filter((one) => !one.gone && one !== by);
  return others.some((one) => one.macs.some((mac) => macs.includes(mac)));
}

function ifMatch({ version }: MachineModel, how: string): Record<string, string> {
  if (how === 'any') return {};
  return { 'If-Match': `"${how === 'stale' ? version + 7 : version}"` };
}

/** What a model knows of a machine that came. */
export function shown({ id, macs, serial, version, active, history }: Machine) {
  return { id, macs, serial, version, active, history: history.map(({ revision }) => revision) };
}

export function expected({ gone: _, ...machine }: MachineModel) {
  return machine;
}

export function everyPage<Item>({ admin }: Real, target: string): Promise<Item[]> {
  const page = async ({ cursor }: PageRequest): Promise<Page<Item>> =>
    (await admin(`${target}${cursor ? `&cursor=${cursor}` : ''}`)).json;
  return Array.fromAsync(every(page));
}
