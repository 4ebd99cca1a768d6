import test from 'ava';
import { signUrl, type UrlRequest } from '../../src/sign/v4.ts';
import { type Received, verifyUrl } from '../../src/sign/verify.ts';
import { hmac, keyOf, rsa } from './keys.ts';
import { receive } from './received.ts';

const now = new Date('2026-05-06T07:08:09Z');
const hmacMutations = 96_000;
const rsaMutations = 4_000;
const seed = 20_261_121;

const requests: UrlRequest[] = [
  { method: 'GET', bucket: 'boot-assets', object: 'assets/7/linux.efi' },
  {
    method: 'GET',
    bucket: 'boot-assets',
    object: 'a b%2F+&é.img',
    query: { generation: '17', 'response-content-type': 'application/efi' },
  },
  { method: 'HEAD', bucket: 'boot-assets' },
  {
    method: 'PUT',
    bucket: 'boot-assets',
    object: 'x',
    headers: { 'Content-Type': 'text/plain', 'x-goog-meta-a': 'b c' },
  },
  { method: 'POST', bucket: 'boot-assets', object: 'x', headers: { 'x-goog-resumable': 'start' } },
  { method: 'DELETE', bucket: 'boot-assets', object: 'x' },
];

/** A small generator of random numbers (mulberry32): the same run every time. */
function dice(state: number) {
  const roll = (sides: number): number => {
    state = (state + 0x6d2b79f5) | 0;
    let bits = Math.imul(state ^ (state >>> 15), 1 | state);
    bits = (bits + Math.imul(bits ^ (bits >>> 7), 61 | bits)) ^ bits;
    return ((bits ^ (bits >>> 14)) >>> 0) % sides;
  };
  const pick = <T>(from: readonly T[]): T => from[roll(from.length)] as T;
  return { roll, pick };
}
type Dice = ReturnType<typeof dice>;

const characters = [...'aZ09/%+&=?#;:@.~-_\\ \0\n\x7f\xe9'];
const pieces = [
  '&generation=1',
  '&X-Goog-Expires=604800',
  '&x-goog-signature=00',
  '%2F',
  '%252F',
  '%00',
  '%',
  '%C0%AF',
  '/../',
  '//',
  '&&',
  '?',
  ';',
  '&a',
  'http://x',
];
const methods = ['GET', 'HEAD', 'PUT', 'POST', 'DELETE', 'PATCH', 'get', ''];
const hosts = [
  '127.0.0.1',
  '127.0.0.1:1',
  '127.0.0.2:8082',
  'evil.example',
  '',
  '127.0.0.1:8082.evil.example',
];

function mutateTarget(target: string, other: string, { roll, pick }: Dice): string {
  const at = roll(target.length + 1);
  const character = target[at] ?? '/';
  const [before, after] = [target.slice(0, at), target.slice(at + 1)];
  const [path = '', ...queries] = target.split('?');
  const parameters = queries.join('?').split('&');
  const some = roll(parameters.length);
  const others = other.slice(other.indexOf('?') + 1).split('&');
  switch (roll(13)) {
    case 0:
      return before + pick(characters) + after;
    case 1:
      return before + pick(characters) + character + after;
    case 2:
      return before + after;
    case 3:
      return before + pick(pieces) + character + after;
    case 4:
      return before + (roll(2) ? character.toUpperCase() : character.toLowerCase()) + after;
    case 5:
      return `${before}%${character.charCodeAt(0).toString(16).padStart(2, '0')}${after}`;
    case 6: // an escape undone, in one place
      return (
        target.slice(0, at) +
        target
          .slice(at)
          .replace(/%[0-9A-F]{2}/, (triplet) => String.fromCharCode(Number.parseInt(triplet.slice(1), 16)))
      );
    case 7:
      return target.slice(0, at) + target.slice(at).replace('%', '%25');
    case 8:
      return `${path}?${parameters.with(some, pick(parameters)).join('&')}`;
    case 9:
      return `${path}?${parameters.with(some, pick(others)).join('&')}`;
    case 10:
      return `${path}?${parameters.toSpliced(some, 1).join('&')}`;
    case 11:
      return `${path}?${parameters.toSpliced(some, 0, pick(others)).join('&')}`;
    default: // an order of its own
      return `${path}?${[...parameters.slice(some), ...parameters.slice(0, some)].join('&')}`;
  }
}

function mutateHeaders(headers: readonly string[], { roll, pick }: Dice): string[] {
  if (headers.length === 0) return ['Host', pick(hosts)];
  const some = 2 * roll(headers.length / 2);
  const [name = '', value = ''] = headers.slice(some, some + 2);
  switch (roll(6)) {
    case 0:
      return ['Host', pick(hosts), ...headers.slice(2)];
    case 1:
      return [...headers, name, value];
    case 2:
      return headers.toSpliced(some, 2);
    case 3:
      return headers.with(some, name.toUpperCase());
    case 4:
      return headers.with(some + 1, value.replace(/ |$/, pick(['  ', ' \t', '\xa0', 'x', ','])));
    default:
      return [...headers, pick(['X-Goog-Acl', 'Accept', 'X-GOOG-RESUMABLE', 'Range']), 'x'];
  }
}

function mutate(good: Received, other: Received, chance: Dice): Received {
  const kind = chance.roll(10);
  if (kind === 0) return { ...good, method: chance.pick(methods) };
  if (kind <= 2) return { ...good, rawHeaders: mutateHeaders(good.rawHeaders, chance) };
  return { ...good, target: mutateTarget(good.target, other.target, chance) };
}

/** What a request says, read without the code under test: undefined when it says nothing clearly. */
function meaning({ method, target, rawHeaders }: Received): string | undefined {
  const [, path, search] = /^(\/[!-"$->@-~]*)\?([!-"$-~]*)$/.exec(target) ?? [];
  if (path === undefined || search === undefined) return undefined;
  try {
    const parameters = search.split('&').map((parameter) => {
      const [, name = '', value = ''] = /^([^=]*)=?(.*)$/.exec(parameter) ?? [];
      return [decodeURIComponent(name), decodeURIComponent(value)];
    });
    const headers: string[][] = [];
    for (let i = 0; i < rawHeaders.length; i += 2) {
      const name = rawHeaders[i]?.toLowerCase() ?? '';
      const value = rawHeaders[i + 1]?.replace(/[ \t]+/g, ' ').replace(/^ | $/g, '') ?? '';
      // A signed URL says nothing of these two.
      if (name === 'accept' || name === 'range') continue;
      headers.push([name, name === 'host' ? value.replace(/:\d+$/, '').toLowerCase() : value]);
    }
    const said = [method, decodeURIComponent(path), parameters.sort(), headers.sort()];
    return JSON.stringify(said);
  } catch {
    return undefined;
  }
}

for (const [signer, count] of [
  [hmac, hmacMutations],
  [rsa, rsaMutations],
] as const)
  test(`of ${count} mutated ${signer.algorithm} requests none passes that says anything else`, async (t) => {
    const goods: Received[] = [];
    const original = new Map<string | undefined, UrlRequest>();
    for (const request of requests) {
      const { method, headers = {} } = request;
      const url = await signUrl({ ...request, endpoint: 'http://127.0.0.1:8082' }, signer, {
        now,
        expiresSeconds: 600,
      });
      const good = receive(url, { method, headers });
      goods.push(good);
      original.set(meaning(good), request);
      if (method === 'GET') original.set(meaning({ ...good, method: 'HEAD' }), request);
    }
    t.false(original.has(undefined));

    const chance = dice(seed);
    const tally = { passed: 0, refused: 0 };
    for (let i = 0; i < count; i++) {
      let received = chance.pick(goods);
      for (let times = 1 + chance.roll(3); times > 0; times--)
        received = mutate(received, chance.pick(goods), chance);
      const verdict = verifyUrl(received, keyOf, now);
      const says = original.get(meaning(received));
      const right = verdict.ok
        ? says !== undefined && says.bucket === verdict.bucket && says.object === verdict.object
        : says === undefined;
      if (!right) t.fail(`mutation ${i}: ${JSON.stringify({ received, verdict, says })}`);
      tally[verdict.ok ? 'passed' : 'refused']++;
    }
    t.log(tally);
    // Other spellings of the originals are among them, so that a verifier which refuses everything fails here.
    t.true(tally.passed > count / 100 && tally.refused > count / 2);
  });
