import { stripVTControlCharacters, styleText } from 'node:util';
import { type Lab, openLab, register, stock } from './lab.ts';
import { powerOn } from './machine.ts';
import { narrate, who } from './narrate.ts';
import { labNeeds, labPackages } from './needs.ts';
import { tapWire } from './wire.ts';

const mac = '52:54:00:00:00:01';

const missing = labNeeds.flatMap((need) => need.missing() ?? []);
if (missing.length === 0) await demonstrate();
else {
  console.error(`The demo powers on a machine in QEMU, in a network namespace. It lacks ${missing.join(', ')}.
On Debian, as root:
    apt-get install --no-install-recommends ${labPackages}
    npm run demo`);
  process.exitCode = 1;
}

/** Ctrl-C ends it at any point: the room cleans up behind itself. */
async function demonstrate(): Promise<void> {
  say(
    'A machine room opens: a switch, DHCP, a broker on its defaults. apt fetches a Linux kernel, which is not installed.',
  );
  const lab = await openLab();
  try {
    await show(lab);
  } finally {
    await lab.room.close();
  }
  say('The room is closed; nothing of it is left.');
}

async function show(lab: Lab): Promise<void> {
  await stock(lab);
  say('bootbroker asset push: the broker has iPXE as its first stage, a kernel and an initrd.');
  const id = await register(lab, { mac, words: 'greeting=hello-from-your-profile' });
  say(`bootbroker machine add, profile create: machine ${mac} is ${id} and has a profile.`);
  const wire = await tapWire(lab.room, [8080, 8082]);

  say(
    'Power on. What follows without a mark is the serial console of the machine; its firmware takes its time.',
  );
  const machine = await powerOn(lab.room, { mac });
  machine.hear(byLine((line) => console.log(line)));
  lab.broker.hear((line) => {
    const sentence = narrate(line);
    if (sentence) say(sentence);
  });
  await machine.says(/^bootbroker: reported up/m);
  await machine.off;

  say('The machine booted, reported and powered off. What the wire saw, packet by packet:');
  for (const { userAgent, method, target, port, status, bodyBytes } of await wire.exchanges()) {
    const whom = port === 8082 ? 'storage' : 'the broker';
    say(
      `  ${who(userAgent)} asked ${whom}: ${method} ${target.split('?')[0]}: ${status}, ${bodyBytes} bytes`,
    );
  }
}

function say(text: string): void {
  console.log(styleText(['bold', 'cyan'], `>> ${text}`));
}

/** Firmware moves the cursor about and rewrites its lines; only how a line ends up is told. */
function byLine(tell: (line: string) => void): (text: string) => void {
  let rest = '';
  return (text) => {
    const lines = (rest + text).split('\n');
    rest = lines.pop() ?? '';
    for (const line of lines) {
      const plain = stripVTControlCharacters(line.replaceAll('\x1b[=3h', '')).replaceAll('\b', '');
      const last = plain.trimEnd().split('\r').at(-1);
      if (last?.trim()) tell(last);
    }
  };
}
