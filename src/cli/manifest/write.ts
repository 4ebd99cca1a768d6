import { renameSync, rmSync, writeFileSync } from 'node:fs';
import { Document, visit } from 'yaml';
import type {
  Desired,
  DesiredMachine,
  DesiredProfile,
  DesiredRule,
  ProfileChoice,
} from '../../boot/apply/desired.ts';
import { Failure } from '../verb/failure.ts';
import { steering } from '../verb/printable.ts';

/** The state as a file that `apply` reads; what goes without saying is left out. */
export function manifestText({ assets, profiles, rules, machines }: Desired): string {
  const sections = {
    assets: assets.map(({ arch, ...asset }) => (arch === 'x86_64' ? asset : { ...asset, arch })),
    profiles: profiles.map(profileFields),
    rules: rules.map(ruleFields),
    machines: machines.map(machineFields),
  };
  const filled = Object.entries(sections).filter(([, items]) => items.length > 0);
  // Readers of YAML 1.1 would take some texts for numbers, a MAC for one to the base of 60 among them.
  const document = new Document(Object.fromEntries(filled), {
    compat: 'yaml-1.1',
    aliasDuplicateObjects: false,
  });
  visit(document, {
    Scalar(_, node) {
      if (typeof node.value === 'string' && node.value.search(steering) >= 0) node.type = 'QUOTE_DOUBLE';
    },
  });
  return document.toString({ lineWidth: 0 }).replace(steering, escaped);
}

/** What could steer a terminal, as YAML writes it between double quotes (YAML 1.2.2 section 5.7). */
function escaped(character: string): string {
  if (character === '\n') return character; // between the lines: in a text it is escaped already
  return `\\U${(character.codePointAt(0) ?? 0).toString(16).padStart(8, '0')}`;
}

function profileFields({ initrds, cmdline, metadata, ...rest }: DesiredProfile): object {
  return {
    ...rest,
    ...(initrds.length === 1 ? { initrd: initrds[0] } : initrds.length > 1 && { initrds }),
    ...(cmdline !== '' && { cmdline }),
    ...(Object.keys(metadata).length > 0 && { metadata }),
  };
}

function ruleFields({ name, selector, profile, priority, percent }: DesiredRule): object {
  const share = percent !== 100 && { percent };
  return { name, selector: inOrder(selector), priority, profile: choice(profile), ...share };
}

function machineFields(machine: DesiredMachine): object {
  const { macs, labels, networks, profile, name, client, ...rest } = machine;
  return {
    ...(name !== undefined && { name }),
    ...(macs.length === 1 ? { mac: macs[0] } : macs.length > 1 && { macs }),
    ...rest,
    ...(client && { client: inOrder(client) }),
    ...(Object.keys(labels).length > 0 && { labels: inOrder(labels) }),
    ...(networks.length > 0 && { networks }),
    ...(profile !== undefined && { profile: profile && choice(profile) }),
  };
}

/** Names that an administrator chose, sorted: no store keeps the order in which they were said. */
function inOrder(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(inOrder);
  if (typeof value !== 'object' || value === null) return value;
  const entries = Object.entries(value).toSorted(([a], [b]) => (a < b ? -1 : 1));
  return Object.fromEntries(entries.map(([key, one]) => [key, inOrder(one)]));
}

function choice(profile: ProfileChoice): string | object {
  return typeof profile === 'string' ? profile : profileFields(profile);
}

/** Writes a file that is there whole or not at all. */
export function writeWhole(path: string, text: string): void {
  const temporary = `${path}.${process.pid}.tmp`;
  try {
    writeFileSync(temporary, text);
    renameSync(temporary, path);
  } catch (error) {
    rmSync(temporary, { force: true });
    throw new Failure(
      'usage',
      `${path} cannot be written (${(error as NodeJS.ErrnoException).code}); name another file`,
    );
  }
}
