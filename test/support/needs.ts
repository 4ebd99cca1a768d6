import { accessSync, constants, existsSync } from 'node:fs';
import { delimiter, join } from 'node:path';
import anyTest, { type TestFn } from 'ava';

/** Something that the machine may lack: `missing()` names it, or is undefined when it is there. */
export interface Need {
  missing(): string | undefined;
}

/** The test runs network namespaces or taps. */
export const root: Need = {
  missing: () => (process.getuid?.() === 0 ? undefined : 'root'),
};

/** A program on the PATH. */
export function command(name: string): Need {
  const found = (dir: string) => {
    try {
      accessSync(join(dir, name), constants.X_OK);
      return true;
    } catch {
      return false;
    }
  };
  const dirs = [...(process.env.PATH ?? '').split(delimiter), '/usr/sbin', '/sbin'];
  return { missing: () => (dirs.some(found) ? undefined : `the command ${name}`) };
}

/** A file that a package brings, such as a firmware image. */
export function file(path: string): Need {
  return { missing: () => (existsSync(path) ? undefined : path) };
}

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
