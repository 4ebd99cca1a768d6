import test from 'ava';
import { addMachine } from '../support/broker.ts';
import { difference } from '../support/contract.ts';
import type { Plane } from '../support/description.ts';
import type { Answered } from '../support/http.ts';
import { agents, type Site, startSite } from './site.ts';

/** Asks, and says how the answer would differ from the description if it were changed so. */
async function asked(site: Site, plane: Plane, target: string, userAgent = agents.firmware) {
  const answered =
    plane === 'boot' ? await site.boot(target, { userAgent }) : await site.admin(target, undefined);
  const differs = (change: object, method = 'GET', as: Plane = plane) => {
    const { status, headers, body }: Answered = answered;
    return difference({ plane: as, method, target, status, headers, body, ...change }) ?? '';
  };
  const body = (change: object) => ({ body: Buffer.from(JSON.stringify({ ...answered.json, ...change })) });
  const header = (name: string, value?: string) => ({ headers: { ...answered.headers, [name]: value } });
  return { differs, body, header };
}

test('an answer that the description does not have is found, whatever it is that differs', async (t) => {
  const site = await startSite();
  t.teardown(site.close);
  const { id } = await addMachine(site, { serial: 'S' });

  const machine = await asked(site, 'admin', `/api/v1/machines/${id}`);
  t.is(machine.differs({}), '');
  t.regex(machine.differs({ status: 201 }), /no such status/);
  t.regex(machine.differs({}, 'PROPFIND'), /no such status/);
  t.regex(machine.differs({}, 'GET', 'boot'), /no such status/);
  t.regex(machine.differs(machine.header('content-type', 'text/plain')), /no such type/);
  t.regex(machine.differs(machine.body({ colour: 'red' })), /additional properties.*colour/);
  t.regex(machine.differs(machine.body({ macs: ['AA:BB:CC:DD:EE:FF'] })), /\/macs\/0 must match/);
  t.regex(machine.differs(machine.body({ created_at: 'today' })), /created_at must match format/);
  t.regex(machine.differs(machine.body({ version: '1' })), /version must be integer/);

  const none = await asked(site, 'admin', '/api/v1/machines/none');
  t.is(none.differs({}), '');
  t.regex(none.differs(none.header('cache-control')), /lacks Cache-Control/);
  t.regex(none.differs(none.body({ type: 'urn:bootbroker:problem:unknown-asset' })), /type must be equal/);

  const streamed = await asked(site, 'boot', `/asset/${site.revision}/kernel`);
  t.is(streamed.differs({}), '');
  t.regex(streamed.differs(streamed.header('content-length')), /lacks Content-Length/);
  t.regex(streamed.differs(streamed.header('content-length', 'many')), /Content-Length .*integer/);

  const redirected = await asked(site, 'boot', `/asset/${site.revision}/kernel`, agents.ipxe);
  t.is(redirected.differs({}), '');
  t.regex(redirected.differs({}, 'HEAD'), /no such status/);
  t.regex(streamed.differs({ status: 304 }), /has a body/);
});

test('whoever asks a broker hears of it', async (t) => {
  const site = await startSite({ replace: ({ records }) => ({ records: lying(records) }) });
  t.teardown(site.close);
  await t.throwsAsync(site.admin('/api/v1/assets/x'), {
    message: /answered 200.*must have required property/,
  });
});

/** Knows of an asset that is none. */
function lying<Known extends { asset: unknown }>(records: Known): Known {
  return new Proxy(records, {
    get: (target, name) =>
      name === 'asset'
        ? async (id: string) => (id === 'x' ? {} : (records.asset as (id: string) => unknown)(id))
        : bound(target, name),
  });
}

function bound(target: object, name: string | symbol): unknown {
  const value = Reflect.get(target, name);
  return typeof value === 'function' ? value.bind(target) : value;
}
