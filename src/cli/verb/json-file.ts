import { readFileSync } from 'node:fs';
import { InvalidArgumentError } from 'commander';

/** The content of a JSON file that an option names. */
export function jsonFile(path: string): unknown {
  try {
    return JSON.parse(readFileSync(path, 'utf8'));
  } catch (error) {
    throw new InvalidArgumentError(`Give the path of a JSON file: ${(error as Error).message}`);
  }
}
