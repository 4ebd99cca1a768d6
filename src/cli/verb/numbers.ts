import { InvalidArgumentError } from 'commander';

/** An option's whole number; what it may be the broker says. */
export function wholeNumber(text: string): number {
  if (!/^-?\d{1,9}$/.test(text)) throw new InvalidArgumentError('Write a whole number.');
  return Number(text);
}
