import { isUtf8 } from 'node:buffer';
import {
  type Document,
  isAlias,
  isMap,
  isScalar,
  isSeq,
  LineCounter,
  type Node,
  parseAllDocuments,
} from 'yaml';
import type { ManifestFile } from './find.ts';
import type { Mistake, Position } from './problem.ts';

/** A document of a file, as data, and where each part of it stands. */
export interface YamlDocument {
  readonly value: unknown;
  /** Where the part that this path leads to stands; of one that is not there what it would be in. */
  at(path: readonly (string | number)[]): Position;
}

const deepest = 40;
/** The most in one file: more repetition by aliases is a bomb, or something that nobody can read. */
const mostAliases = 100;
const mostNodes = 500_000;
const tooDeep = 'nests too deep to be read';

/**
 * Reads YAML 1.2 (which JSON is) strictly: one value a key, texts as keys, no tags of its own, no merge keys, no numbers that
 * JSON could not carry. Aliases may repeat a little.
 */
export function readYaml({ path, bytes }: ManifestFile): readonly YamlDocument[] | readonly Mistake[] {
  const broken = encodingMistake(path, bytes);
  if (broken) return [broken];
  const lines = new LineCounter();
  const position = (offset: number | undefined): Position => {
    const { line, col } = lines.linePos(offset ?? 0);
    return { file: path, line: Math.max(line, 1), column: Math.max(col, 1) };
  };
  let parsed: readonly Document.Parsed[];
  try {
    const options = {
      lineCounter: lines,
      prettyErrors: false,
      uniqueKeys: false,
      resolveKnownTags: false,
      logLevel: 'silent',
    } as const;
    const documents = parseAllDocuments(bytes.toString('utf8'), options);
    parsed = Array.isArray(documents) ? documents : [];
  } catch (error) {
    if (!(error instanceof RangeError)) throw error;
    return [{ at: position(0), message: tooDeep }];
  }
  const mistakes = parsed.flatMap(({ errors, warnings }) =>
    [...errors, ...warnings].map(({ pos, message }) => ({ at: position(pos[0]), message })),
  );
  const overflow = mistakes.find(({ message }) => message.startsWith('Maximum call stack'));
  if (overflow) return [{ ...overflow, message: tooDeep }];
  if (mistakes.length > 0) return mistakes;
  const budget = { aliases: 0, nodes: 0 };
  const found: Mistake[] = [];
  const documents = parsed.map((document) => {
    const value = dataOf(document.contents, document, budget, (node, message) =>
      found.push({ at: position(node?.range?.[0]), message }),
    );
    return {
      value,
      at: (wanted: readonly (string | number)[]) => position(offsetOf(document, wanted)),
    };
  });
  return found.length > 0 ? found : documents;
}

export function isMistakes(read: readonly YamlDocument[] | readonly Mistake[]): read is readonly Mistake[] {
  return read.some((one) => 'message' in one);
}

function encodingMistake(path: string, bytes: Buffer): Mistake | undefined {
  if (isUtf8(bytes)) return undefined;
  let line = 1;
  let start = 0;
  for (;;) {
    const end = bytes.indexOf(10, start);
    const piece = bytes.subarray(start, end < 0 ? bytes.length : end);
    if (!isUtf8(piece)) {
      const column = piece.toString('utf8').indexOf('\ufffd') + 1;
      return { at: { file: path, line, column }, message: 'is not UTF-8; save the file in that encoding' };
    }
    start = end + 1;
    line += 1;
  }
}

type Complain = (node: Node | null | undefined, message: string) => void;

function dataOf(
  node: Node | null | undefined,
  document: Document.Parsed,
  budget: { aliases: number; nodes: number },
  complain: Complain,
  depth = 0,
): unknown {
  budget.nodes += 1;
  if (budget.nodes > mostNodes || depth > deepest) {
    if (budget.nodes === mostNodes + 1 || (depth > deepest && budget.nodes <= mostNodes))
      complain(node, depth > deepest ? `nests deeper than ${deepest} levels` : 'is too much for one file');
    return null;
  }
  if (isAlias(node)) {
    budget.aliases += 1;
    if (budget.aliases > mostAliases) {
      if (budget.aliases === mostAliases + 1)
        complain(node, `more than ${mostAliases} aliases; write it out`);
      return null;
    }
    return dataOf(node.resolve(document), document, budget, complain, depth + 1);
  }
  if (isSeq(node))
    return node.items.map((item) => dataOf(item as Node, document, budget, complain, depth + 1));
  if (!isMap(node)) return scalarOf(node, complain);
  const entries = new Map<string, unknown>();
  for (const { key, value } of node.items) {
    const name = isScalar(key) ? key.value : undefined;
    if (typeof name !== 'string') complain((key ?? node) as Node, 'a key must be a text; put it in quotes');
    else if (name === '<<') complain(key as Node, 'merge keys are not read here; write the fields out');
    else if (entries.has(name)) complain(key as Node, `${name} stands here twice`);
    else entries.set(name, dataOf(value as Node | null, document, budget, complain, depth + 1));
  }
  return Object.fromEntries(entries);
}

function scalarOf(node: Node | null | undefined, complain: Complain): unknown {
  if (!isScalar(node)) return null;
  const { value } = node;
  if (
    typeof value === 'number' &&
    !(Number.isInteger(value) ? Number.isSafeInteger(value) : Number.isFinite(value))
  )
    complain(node, 'this number is out of range; if it is a text, put it in quotes');
  return value;
}

/** Where a field's name or a list's item stands, in characters; as far down the path as there is something. */
function offsetOf(document: Document.Parsed, path: readonly (string | number)[]): number | undefined {
  let node: unknown = document.contents;
  let offset = document.contents?.range?.[0];
  for (const step of path) {
    if (isAlias(node)) node = node.resolve(document);
    if (isMap(node)) {
      const pair = node.items.find(({ key }) => isScalar(key) && key.value === step);
      if (!pair) break;
      offset = (pair.key as Node).range?.[0];
      node = pair.value;
    } else if (isSeq(node) && typeof step === 'number' && node.items[step]) {
      node = node.items[step];
      offset = (node as Node).range?.[0];
    } else break;
  }
  return offset;
}
