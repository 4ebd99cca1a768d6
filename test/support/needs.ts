import anyTest, { type TestFn } from 'ava';
import type { Need } from './need.ts';

export { command, file, pythonModule, pythonPath, root } from './need.ts';

/**
 * `test`, or, where something is missing, a stand-in that skips each test with a title that names what.
 * With BROKER_TEST_REQUIRE=all each such skip is a failure.
 */
export function needing<Context = unknown>(...needs: Need[]): TestFn<Context> {
  const test = anyTest as TestFn<Context>;
  const missing = needs.flatMap((need) => need.missing() ?? []);
  if (missing.length === 0) return test;
  const because = `needs ${missing.join(', ')}`;
  const instead = (title: string) => {
    if (process.env.BROKER_TEST_REQUIRE === 'all') test(title, (t) => t.fail(because));
    else test.skip(`${title} (${because})`, () => {});
  };
  const hook = Object.assign(() => {}, { always: () => {}, skip: () => {} });
  const hooks = { before: hook, after: hook, beforeEach: hook, afterEach: hook, skip: test.skip };
  return Object.assign(instead, hooks, {
    serial: Object.assign(instead, hooks),
  }) as unknown as TestFn<Context>;
}
