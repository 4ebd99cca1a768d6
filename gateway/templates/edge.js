// Runs inside nginx (njs 0.7.9, Debian 12). It vouches for the machine that asks; the rest of the gateway is nginx.conf.
import crypto from 'crypto';
import fs from 'fs';

/** X-Boot-Edge: who is calling, signed over what nginx sends to the broker. An edge behind our tunnel has vouched already. */
function vouch(r) {
  const v = r.variables;
  if (v.relayed) return v.relayed;
  // "kid:base64url", read anew each time: a key is rotated by replacing the file, and nothing restarts.
  const line = fs.readFileSync(v.edge_key_file, 'utf8').trim();
  const colon = line.indexOf(':');
  const kid = line.slice(0, colon);
  const key = Buffer.from(line.slice(colon + 1), 'base64url');
  const t = Math.floor(Date.now() / 1000);
  const addr = v.remote_addr.replace(/^::ffff:(?=\d+\.)/, '');
  const hw = v.edge_neighbours ? macOf(addr, v.edge_neighbours) : '';
  const can = capabilities(v);
  const signed = ['v1', kid, 'boot', t, addr, hw, can, r.method, v.request_uri].join('\n');
  const mac = crypto.createHmac('sha256', key).update(signed).digest('base64url');
  return `v1;kid=${kid};aud=boot;t=${t};addr=${addr};hw=${hw};can=${can};mac=${mac}`;
}

/** The header of the edge that this peer has, when it came once and names that edge's key. Only the broker can verify it. */
function relayed(r) {
  const kid = r.variables.peer_kid;
  const came = r.rawHeadersIn.filter((field) => field[0].toLowerCase() === 'x-boot-edge');
  return kid && came.length === 1 && came[0][1].startsWith(`v1;kid=${kid};`) ? came[0][1] : '';
}

/** Without `cache` the broker redirects whom it can: only where machines are known to reach the storage through the tunnel. */
function capabilities(v) {
  if (v.edge_role === 'site' || v.peer_redirects === 'never') return 'cache,follow';
  if (v.peer_redirects === 'always') return 'follow';
  return canaryLives(v) ? 'follow' : 'cache,follow';
}

const canaryLivesMs = 5 * 60 * 1000;

function canaryLives(v) {
  try {
    return Date.now() - fs.statSync(`${v.edge_run}/canary/${v.peer}`).mtimeMs < canaryLivesMs;
  } catch (_e) {
    return false;
  }
}

/**
 * GET /canary?storage=ok: a site says that http://storage.googleapis.com/ answered it through the tunnel, or that it did not. One
 * host of the site says so; any machine there could switch its neighbours' redirects on and off otherwise.
 */
function canary(r) {
  const v = r.variables;
  if (!v.canary_of)
    return v.peer
      ? problem(r, 403, "Only the site's canary host says this: canary_host in the gateway's settings.")
      : problem(r, 404, 'Nothing is served here.');
  const file = `${v.edge_run}/canary/${v.canary_of}`;
  if (r.args.storage === 'ok') fs.writeFileSync(file, '');
  else
    try {
      fs.unlinkSync(file);
    } catch (_e) {} // it was not there
  return r.return(204);
}

const refusals = {
  400: 'Ask for a plain path, such as /boot.ipxe.',
  404: 'Nothing is served here.',
  405: 'GET and HEAD are served here.',
};

/** What never reaches the broker. It is answered by a script, because `return` would come before the limits are asked. */
function refuse(r) {
  const status = Number(r.variables.refused_with);
  if (status === 405) r.headersOut.Allow = 'GET, HEAD';
  return problem(r, status, refusals[status]);
}

function problem(r, status, title) {
  r.headersOut['Content-Type'] = 'application/problem+json';
  r.return(status, JSON.stringify({ status, title }));
}

/** The MAC that has this address, in dnsmasq's leases or in /proc/net/arp: both have one line for each, in words. */
function macOf(addr, file) {
  const lines = fs
    .readFileSync(file, 'utf8')
    .split('\n')
    .map((line) => line.trim().split(/\s+/));
  const own = lines.filter((words) => words.indexOf(addr) >= 0);
  const macs = own.map((words) => words.filter((word) => /^([0-9a-f]{2}:){5}[0-9a-f]{2}$/i.test(word))[0]);
  // Two lines that disagree say nothing, and an odd first octet is no network card's (IEEE 802, group bit).
  const mac = macs.every((other) => other === macs[0]) ? String(macs[0]).toLowerCase() : '';
  return /^.[02468ace]:/.test(mac) && mac !== '00:00:00:00:00:00' ? mac : '';
}

/** The VM's identity token for the broker's audience, kept fresh by bootbroker-token.timer; the old one serves while it lives. */
function authorization(r) {
  try {
    const token = fs.readFileSync(`${r.variables.edge_run}/token`, 'utf8').trim();
    return token ? `Bearer ${token}` : '';
  } catch (_e) {
    return '';
  }
}

/** Seconds that the identity token still lives (RFC 7519, exp); 0 when there is none. */
function tokenSeconds(r) {
  try {
    const exp = JSON.parse(Buffer.from(authorization(r).split('.')[1], 'base64url')).exp;
    return Math.max(0, Math.floor(exp - Date.now() / 1000));
  } catch (_e) {
    return 0;
  }
}

/** 1 when there is a key to vouch with: without one the broker refuses all that comes from here. */
function edgeKey(r) {
  try {
    return /^[^:]+:[A-Za-z0-9_-]+$/.test(fs.readFileSync(r.variables.edge_key_file, 'utf8').trim()) ? 1 : 0;
  } catch (_e) {
    return 0;
  }
}

/** nginx's own counters as Prometheus text. */
async function metrics(r) {
  const stub = await r.subrequest('/stub_status');
  const numbers = stub.responseText.match(/\d+/g);
  const named = [
    ['connections_active', 'gauge', numbers[0]],
    ['connections_accepted_total', 'counter', numbers[1]],
    ['requests_total', 'counter', numbers[3]],
    ['connections_reading', 'gauge', numbers[4]],
    ['connections_writing', 'gauge', numbers[5]],
    ['connections_waiting', 'gauge', numbers[6]],
    ['identity_token_seconds', 'gauge', tokenSeconds(r)],
    ['edge_key', 'gauge', edgeKey(r)],
  ];
  const text = named.map(
    (m) => `# TYPE bootbroker_gateway_${m[0]} ${m[1]}\nbootbroker_gateway_${m[0]} ${m[2]}\n`,
  );
  r.headersOut['Content-Type'] = 'text/plain; version=0.0.4';
  r.return(200, text.join(''));
}

/**
 * Where in a trace this request stands. A site's own edge has said so; else the URL names a boot, whose id is its trace's, and the
 * last half of it the span of its script; else it has a trace of its own, by its request id.
 */
function place(r) {
  const v = r.variables;
  const above = v.relayed ? /^00-([0-9a-f]{32})-([0-9a-f]{16})-0[01]$/.exec(v.http_traceparent) : null;
  if (above) return { trace: above[1], parent: above[2] };
  const boot = String(v.arg_boot).toLowerCase();
  if (!/^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/.test(boot) || /0{12}$/.test(boot))
    return { trace: v.request_id, parent: '' };
  const trace = boot.replace(/-/g, '');
  return { trace, parent: trace.slice(16) };
}

/** The same, once the broker has answered: only its answer says which boot a script belongs to. */
function placed(r) {
  const at = place(r);
  const said = /^00-([0-9a-f]{32})-([0-9a-f]{16})-/.exec(r.variables.upstream_http_traceresponse);
  if (!said || said[1] === at.trace) return at;
  const first = said[1].slice(16);
  return { trace: said[1], parent: at.parent || (said[2] === first ? '' : first) };
}

function trace(r) {
  return placed(r).trace;
}

function spanId(r) {
  return r.variables.request_id.slice(0, 16);
}

/** What broker and storage are told (W3C Trace Context): nothing of it is a client's. */
function traceparent(r) {
  return `00-${place(r).trace}-${spanId(r)}-01`;
}

/** The request as a span (OTLP, JSON Protobuf encoding; attributes by OpenTelemetry's conventions for HTTP). No query, no signature. */
function span(r) {
  const v = r.variables;
  const at = placed(r);
  const end = Math.round(Number(v.msec) * 1000);
  const start = end - Math.round(Number(v.request_time) * 1000);
  const status = Number(v.number);
  const texts = [
    ['http.request.method', v.request_method],
    ['url.path', v.path],
    ['client.address', v.remote_addr],
    ['user_agent.original', v.http_user_agent],
    ['bootbroker.plan', v.plan],
    ['bootbroker.peer', v.peer],
    ['bootbroker.request_id', v.request_id],
    ['bootbroker.cache', v.upstream_cache_status],
    ['bootbroker.upstream', v.upstream_status],
  ];
  const numbers = [
    ['http.response.status_code', status],
    ['http.response.body.size', Number(v.body_bytes_sent)],
  ];
  const attributes = texts
    .filter((a) => a[1])
    .map((a) => ({ key: a[0], value: { stringValue: a[1].slice(0, 512) } }))
    .concat(numbers.map((a) => ({ key: a[0], value: { intValue: String(a[1]) } })));
  const one = {
    traceId: at.trace,
    spanId: spanId(r),
    parentSpanId: at.parent,
    name: `${v.request_method} ${v.route}`,
    kind: 2,
    startTimeUnixNano: `${start}000000`,
    endTimeUnixNano: `${end}000000`,
    attributes,
    status: status >= 500 ? { code: 2 } : {},
  };
  const resource = ['service.name', 'bootbroker-gateway', 'host.name', v.hostname];
  return JSON.stringify({
    resource: {
      attributes: [0, 2].map((n) => ({ key: resource[n], value: { stringValue: resource[n + 1] } })),
    },
    scopeSpans: [{ scope: { name: 'bootbroker-gateway' }, spans: [one] }],
  });
}

/** What the broker said of the asset is not true of the problem that is answered in its place. */
function forget(r) {
  ['Cache-Control', 'Content-Disposition', 'Accept-Ranges'].forEach((name) => {
    delete r.headersOut[name];
  });
}

export default { vouch, relayed, canary, refuse, authorization, metrics, forget, trace, traceparent, span };
