import { type Refusal, refuse } from './refusal.ts';

/**
 * Why a request's target is refused. What is not percent-encoded UTF-8 could only be guessed: two objects' names might be read as
 * one, and the second would overwrite the first.
 */
export function wrongTarget(target: string): Refusal | undefined {
  if (!target.startsWith('/')) return refuse('InvalidURI', 'Send the path, not a whole URL.');
  try {
    decodeURIComponent(target);
    if (/^[!-~]*$/.test(target)) return undefined;
  } catch {}
  return refuse('InvalidURI', 'The path and the query are not percent-encoded UTF-8.');
}
