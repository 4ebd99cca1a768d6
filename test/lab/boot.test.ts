import { needing } from '../support/needs.ts';
import { labNeeds } from './needs.ts';
import { realBoot } from './real-boot.ts';
import type { Story } from './story.ts';

const test = needing(...labNeeds);

let story: Story;
const cast = [
  { mac: '52:54:00:00:00:01', words: 'seat=one' },
  {
    mac: '52:54:00:00:00:02',
    words: 'seat=two quiet',
    // A blank EEPROM, and one of ISO 8859-1.
    serial: '\xff\xff M\xfcller',
    make: { manufacturer: 'Contoso Ltd.', product: 'Blade 9' },
  },
];
realBoot(test, cast, {
  records: 'sqlite',
  heard: (told) => {
    story = told;
  },
});

test('a machine whose serial number is no UTF-8 says it as it is, gets its script, and boots', (t) => {
  const scripts = story.machines[1]?.exchanges.filter(({ target }) => target.includes('serial=')) ?? [];
  t.true(scripts.length > 0);
  // Builds of 2019 write the sign of a byte, too: %FFFFFFFFFFFFFF for 0xff.
  for (const { target, status } of scripts) {
    t.regex(target, /serial=%F+%F+%20M%F+Cller&/);
    t.is(status, 200);
  }
});

test('the same input packs to the same initrd', (t) => {
  const [initrd, again] = story.initrds;
  t.true(initrd.equals(again));
});
