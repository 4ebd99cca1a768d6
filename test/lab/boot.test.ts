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
    make: { manufacturer: 'Contoso & Sons Ltd.', product: 'Blade 9' },
  },
];
realBoot(test, cast, {
  records: 'sqlite',
  heard: (told) => {
    story = told;
  },
});

test('the same input packs to the same initrd', (t) => {
  const [initrd, again] = story.initrds;
  t.true(initrd.equals(again));
});
