import { validateHeaderValue } from 'node:http';
import { z } from 'zod';
import { type Refusal, refuse } from './refusal.ts';

const headerValue = z.string().max(1024).refine(isHeaderValue, 'holds a character that no header may hold');

/** What a writer may say about an object; Google's names. The rest of a resource is read-only and ignored. */
const attributesSchema = z.object({
  contentType: headerValue.optional(),
  cacheControl: headerValue.optional(),
  contentDisposition: headerValue.optional(),
  contentEncoding: headerValue.optional(),
  contentLanguage: headerValue.optional(),
  customTime: z.iso.datetime({ offset: true }).optional(),
  metadata: z.record(z.string(), z.string()).optional(),
});

export type Attributes = z.infer<typeof attributesSchema>;

/** In a change, null takes a field away (RFC 7396). */
const changeSchema = z.object({
  ...Object.fromEntries(
    Object.entries(attributesSchema.shape).map(([name, schema]) => [name, schema.nullable()]),
  ),
  metadata: z.record(z.string(), z.string().nullable()).nullish(),
});

/** The attributes in a JSON resource. */
export function attributesOf(resource: unknown): Attributes | Refusal {
  const read = attributesSchema.safeParse(dropNulls(resource));
  return read.success ? read.data : refuse('InvalidArgument', z.prettifyError(read.error));
}

/** The attributes after a JSON merge patch. */
export function changed(now: Attributes, patch: unknown): Attributes | Refusal {
  const read = changeSchema.safeParse(patch);
  if (!read.success) return refuse('InvalidArgument', z.prettifyError(read.error));
  const { metadata } = read.data;
  const merged = { ...now, ...read.data } as Record<string, unknown>;
  if (metadata) merged.metadata = { ...now.metadata, ...metadata };
  return attributesOf(merged);
}

/** The attributes in the headers of an XML upload (Cloud Storage, "HTTP headers"). */
export function attributesInHeaders(headers: NodeJS.Dict<string | string[]>): Attributes | Refusal {
  const one = (name: string) => [headers[name]].flat()[0];
  const metadata = Object.entries(headers)
    .filter(([name]) => name.startsWith('x-goog-meta-'))
    .map(([name, value]) => [name.slice('x-goog-meta-'.length), [value].flat().join(',')]);
  return attributesOf({
    contentType: one('content-type'),
    cacheControl: one('cache-control'),
    contentDisposition: one('content-disposition'),
    contentEncoding: one('content-encoding'),
    contentLanguage: one('content-language'),
    customTime: one('x-goog-custom-time'),
    ...(metadata.length > 0 && { metadata: Object.fromEntries(metadata) }),
  });
}

export function isHeaderValue(value: string): boolean {
  try {
    validateHeaderValue('x', value);
    return true;
  } catch {
    return false;
  }
}

function dropNulls(value: unknown): unknown {
  if (typeof value !== 'object' || value === null) return value;
  const kept = Object.entries(value).filter(([, one]) => one !== null && one !== undefined);
  return Object.fromEntries(kept.map(([name, one]) => [name, name === 'metadata' ? dropNulls(one) : one]));
}
