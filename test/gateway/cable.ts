import type { Room } from '../lab/room.ts';

export const ip = (room: Room, line: string) => room.run('ip', line.split(' '));

let cables = 0;

/** Lays a cable between two rooms. */
export async function cable(
  one: Room,
  address: string,
  other: Room,
  otherAddress: string,
  end = `c${++cables}`,
): Promise<void> {
  const otherEnd = `c${++cables}`;
  await ip(one, `link add ${end} type veth peer name ${otherEnd} netns ${other.pid}`);
  const more = address.includes('.') ? '' : ' nodad'; // IPv6 would wait for a second to hear that nobody has it
  await ip(one, `address add ${address} dev ${end}${more}`);
  await ip(other, `address add ${otherAddress} dev ${otherEnd}${more}`);
  await ip(one, `link set ${end} up`);
  await ip(other, `link set ${otherEnd} up`);
}
