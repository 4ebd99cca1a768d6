import test from 'ava';
import { programOf } from '../../../src/boot/asset/program.ts';
import { isRefusal } from '../../../src/boot/problem.ts';
import type { ProfileRevision } from '../../../src/boot/profile.ts';
import { finishedForAll, renderedFor } from '../../../src/boot/template/rendered.ts';
import { bzImage, efiProgram } from '../../support/programs.ts';
import { machine, resolvedAsset, revision } from '../examples.ts';

const kernel = resolvedAsset('kernel');
const efi = resolvedAsset('efi');
const initrd = resolvedAsset('initrd');

/** Whether a command line of so many bytes may be written and booted, as it stands and as a template. */
async function takes(is: Partial<ProfileRevision>, bytes: number): Promise<boolean> {
  const plain = revision({ ...is, cmdline: 'x'.repeat(bytes) });
  const rendered = await renderedFor(machine(), plain);
  const template = revision({ ...is, cmdline: `{{ labels.x }}${'x'.repeat(bytes - 1)}` });
  const filled = await renderedFor(machine({ labels: { x: 'x' } }), template);
  const all = [finishedForAll(plain), rendered, filled].map((one) => !isRefusal(one));
  if (new Set(all).size > 1) throw new Error(`write and boot do not agree: ${all}`);
  return all[0] ?? false;
}

test('Linux takes 2047 bytes, or what its header says, with our own words counted', async (t) => {
  const words = 'initrd=initrd0 initrd=initrd1 '.length;
  for (const [is, limit] of [
    [{ kernel }, 2047],
    [{ kernel, initrds: [initrd, initrd] }, 2047 - words],
    [{ kernel, initrds: [{ ...initrd, loaded_as: 'boot.wim' }] }, 2047],
    [{ kernel: { ...kernel, program: programOf(bzImage({ cmdlineSize: 4095 })) } }, 4095],
    [{ kernel: { ...kernel, program: programOf(bzImage({ cmdlineSize: 511 })) } }, 511],
    [{ kernel: { ...kernel, program: programOf(bzImage({ cmdlineSize: 2 ** 31 })) } }, 8191],
    [{ efi }, 8191],
    [{ efi: { ...efi, program: programOf(efiProgram(0x8664)) } }, 8191],
    [{ efi: { ...efi, program: programOf(bzImage()) } }, 2047],
    [{ kernel: { ...kernel, asset_id: '' } }, 8191],
  ] as [Partial<ProfileRevision>, number][]) {
    t.true(await takes(is, limit), `${limit} bytes`);
    t.false(limit < 8191 && (await takes(is, limit + 1)), `${limit + 1} bytes`);
  }
});

test('words that are left out do not count', async (t) => {
  const rendered = await renderedFor(
    machine(),
    revision({ kernel, cmdline: `initrd=${'y'.repeat(40)} ${'x'.repeat(2040)}` }),
  );
  t.false(isRefusal(rendered));
});

test("what just fits says that iPXE's own word may push its end out", (t) => {
  const told = (bytes: number) => {
    const found = finishedForAll(revision({ kernel, cmdline: 'x'.repeat(bytes) }));
    return isRefusal(found) ? [] : found.map(({ type }) => type);
  };
  t.deepEqual(told(2040), []);
  t.deepEqual(told(2041), ['urn:bootbroker:warning:cmdline-cut']);
});
