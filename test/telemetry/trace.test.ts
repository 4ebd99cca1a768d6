import test from 'ava';
import { remoteSpan, traceFields } from '../../src/telemetry/trace.ts';

const fields = (headers: Readonly<Record<string, string>>) =>
  traceFields(
    remoteSpan((name) => headers[name] ?? ''),
    'p-1',
  );

const id = '4bf92f3577b34da6a3ce929d0e0e4736';
const named = {
  'logging.googleapis.com/trace': `projects/p-1/traces/${id}`,
  'logging.googleapis.com/spanId': '00f067aa0ba902b7',
  'logging.googleapis.com/trace_sampled': true,
};

test('a traceparent names the trace for Cloud Logging', (t) => {
  t.deepEqual(fields({ traceparent: `00-${id}-00f067aa0ba902b7-01` }), named);
  t.deepEqual(fields({ traceparent: `01-${id}-00f067aa0ba902b7-03-more` }), named);
  t.deepEqual(fields({ traceparent: `00-${id}-00f067aa0ba902b7-00` }), {
    ...named,
    'logging.googleapis.com/trace_sampled': false,
  });
});

test('so does X-Cloud-Trace-Context, whose span is decimal, where there is no traceparent', (t) => {
  const header = `${id.toUpperCase()}/${BigInt('0x00f067aa0ba902b7')};o=1`;
  t.deepEqual(fields({ 'x-cloud-trace-context': header }), named);
  t.deepEqual(fields({ 'x-cloud-trace-context': header, traceparent: 'nonsense' }), named);
  t.deepEqual(fields({ 'x-cloud-trace-context': id }), {
    'logging.googleapis.com/trace': named['logging.googleapis.com/trace'],
    'logging.googleapis.com/trace_sampled': false,
  });
});

test('without a project, or a trace that is one, there is nothing to name', (t) => {
  t.deepEqual(traceFields({ traceId: id, spanId: '00f067aa0ba902b7', sampled: true }, undefined), {});
  for (const header of [
    '',
    `ff-${id}-00f067aa0ba902b7-01`,
    `00-${'0'.repeat(32)}-00f067aa0ba902b7-01`,
    `00-${id}-1-01`,
    `00-${id}-${'0'.repeat(16)}-01`,
  ])
    t.deepEqual(fields({ traceparent: header }), {}, header);
  for (const header of ['x', `${id}/x`, `${id}/1;o=`, `${id}/1;o=1"`])
    t.deepEqual(fields({ 'x-cloud-trace-context': header }), {}, header);
});
