import { isRefusal } from './problem.ts';
import { type BootFacts, exampleBoot } from './template/boot-facts.ts';
import type { Asked } from './way.ts';

/** What is known of this boot, and in words from where. */
export function bootFacts(asked: Asked): { readonly facts: BootFacts; readonly says: string } {
  const { identity, edge, way, origin, policy, example } = asked;
  const mac: readonly [mac: string | undefined, from: string] =
    !isRefusal(identity) && identity.mac
      ? [identity.mac, 'which the request names']
      : edge?.hw
        ? [edge.hw, 'which its edge names']
        : way.machine?.macs[0]
          ? [way.machine.macs[0], "the machine's first, for the request names none"]
          : example
            ? [exampleBoot.mac, 'an example']
            : [undefined, 'for nobody says any'];
  const reached: readonly [origin: string, from: string] = policy.publicUrl
    ? [policy.publicUrl, 'as BROKER_PUBLIC_URL says']
    : origin
      ? [origin, 'the address at which this request came']
      : [exampleBoot.origin, 'an example, for BROKER_PUBLIC_URL is unset'];
  return {
    facts: { ...(mac[0] && { mac: mac[0] }), origin: reached[0] },
    says: `boot.mac is ${mac[0] ?? 'absent'}, ${mac[1]}; boot.origin is ${reached[0]}, ${reached[1]}`,
  };
}
