import { execFile } from 'node:child_process';
import { readFileSync, writeFileSync } from 'node:fs';
import { userInfo } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { placesUnder } from '../../gateway/places.ts';
import { installed } from '../../gateway/services.ts';
import { temporaryFolder } from '../support/child.ts';
import { command, needing } from '../support/needs.ts';
import { fakeFor } from './fakes.ts';
import { tunnelOf } from './gateway.ts';
import { accepted, install } from './rig.ts';

const test = needing(command('curl'), command('base64'));

test('token and keys are fetched, and the old ones serve while Google does not answer', async (t) => {
  const folder = await temporaryFolder(t);
  const places = placesUnder(folder);
  const secret = 'cloud:ICEiIyQlJicoKSorLC0uLzAxMjM0NTY3ODk6Ozw9Pj8';
  const google = await fakeFor(t, (asked, answer) => {
    const { url = '' } = asked;
    if (url.endsWith('/token')) answer.end('{"access_token":"ya29.x","expires_in":3599}');
    else if (url.includes('/identity?')) answer.end('an.identity.token');
    else answer.end(JSON.stringify({ name: 'x', payload: { data: btoa(secret), dataCrc32c: '1' } }, null, 2));
  });
  const settings = accepted({
    role: 'cloud',
    listen: '10.10.0.1',
    user: userInfo().username,
    key: { secret: 'projects/p/secrets/edge' },
    broker: { origin: 'https://broker-1.a.run.app' },
    tunnel: tunnelOf([{}]),
  });
  install(places, installed(settings, places));
  const env = {
    PATH: '/usr/bin:/bin',
    BOOTBROKER_METADATA: google.origin,
    BOOTBROKER_SECRETS: google.origin,
  };
  const fetchOnce = () =>
    promisify(execFile)('sh', [join(places.lib, 'upkeep'), 'once'], { env }).catch((error) => error);
  await fetchOnce();
  const token = join(places.run, 'token');
  const key = join(places.run, 'keys/edge.key');
  t.is(readFileSync(token, 'utf8'), 'an.identity.token');
  t.is(readFileSync(key, 'utf8'), secret);
  t.deepEqual(
    google.came.map(({ target, fields }) => [
      target,
      fields.find(([name]) => /^(metadata-flavor|authorization)$/i.test(name))?.[1],
    ]),
    [
      ['/computeMetadata/v1/instance/service-accounts/default/token', 'Google'],
      ['/v1/projects/p/secrets/edge/versions/latest:access', 'Bearer ya29.x'],
      [
        '/computeMetadata/v1/instance/service-accounts/default/identity?audience=https://broker-1.a.run.app',
        'Google',
      ],
    ],
  );

  for (const failing of [500, 200]) {
    google.answer = (_, answer) => void answer.writeHead(failing).end(); // an empty answer is none either
    await fetchOnce();
    t.is(readFileSync(token, 'utf8'), 'an.identity.token');
    t.is(readFileSync(key, 'utf8'), secret);
  }
  writeFileSync(token, '');
  google.answer = (_, answer) => void answer.end('a.newer.one');
  await fetchOnce();
  t.is(readFileSync(token, 'utf8'), 'a.newer.one');
});
