import { execFileSync } from 'node:child_process';
import { chmodSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import test from 'ava';
import { placesUnder } from '../../gateway/places.ts';
import { tunnelFiles } from '../../gateway/tunnel.ts';
import { temporaryFolder } from '../support/child.ts';
import { someKey, tunnelOf } from './gateway.ts';
import { accepted, install } from './rig.ts';

test('an endpoint that is a name is looked up again when its peer has been silent', async (t) => {
  const folder = await temporaryFolder(t);
  const places = placesUnder(folder);
  const settings = accepted({
    role: 'site',
    listen: '192.168.8.1',
    key: { file: '/etc/bootbroker/edge.key' },
    broker: { origin: 'http://10.10.0.1' },
    tunnel: tunnelOf([
      { endpoint: 'silent.example:51820' },
      { endpoint: 'talking.example:51820' },
      { endpoint: '192.0.2.1:51820' },
      { endpoint: 'never.example:51820' },
      {},
    ]),
  });
  install(places, tunnelFiles(settings, places));
  // A wg of the test's own: it tells of handshakes, and keeps what it was told.
  const now = Math.floor(Date.now() / 1000);
  const handshakes = [now - 136, now - 100, now - 999, 0, now - 999].map(
    (at, n) => `${someKey(n + 1)}\t${at}`,
  );
  writeFileSync(join(folder, 'handshakes'), handshakes.join('\n'));
  writeFileSync(
    join(folder, 'wg'),
    `#!/bin/sh\nif [ "$1" = show ]; then cat ${folder}/handshakes; else echo "$*" >>${folder}/told; fi\n`,
  );
  chmodSync(join(folder, 'wg'), 0o755);
  const script = join(places.lib, 'tunnel');
  writeFileSync(script, readFileSync(script, 'utf8').replace('PATH=', `PATH=${folder}:`));
  execFileSync('sh', [script, 'refresh']);
  t.is(
    readFileSync(join(folder, 'told'), 'utf8'),
    [
      `set wg0 peer ${someKey(1)} endpoint silent.example:51820\n`,
      `set wg0 peer ${someKey(4)} endpoint never.example:51820\n`,
    ].join(''),
  );
});
