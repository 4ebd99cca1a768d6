import type { BootRecord, BootStep } from '../../src/boot/history/boot-record.ts';

/** A step, with what its boot says of all of them. */
export type Told = BootStep & Pick<BootRecord, 'machine_id' | 'revision'>;

/** What happened in these boots, in order. */
export function stepsOf(boots: readonly BootRecord[]): Told[] {
  return boots.flatMap(({ machine_id, revision, steps }) =>
    steps.map((step) => ({ ...step, machine_id, ...(revision && { revision }) })),
  );
}

/** A script as it is for every boot: without the boot's own id. */
export function ofAnyBoot(script: string): string {
  return script.replaceAll(/&boot=[0-9a-f]{8}-[0-9a-f]{4}-7[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}/g, '');
}
