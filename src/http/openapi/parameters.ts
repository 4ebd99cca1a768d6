import { assetKinds } from '../../boot/asset/asset-name.ts';

/** What stands in a path, by its name there. */
const described: Readonly<Record<string, object>> = {
  id: { schema: { type: 'string' }, example: '019abcde-0000-7000-8000-000000000001' },
  arch: {
    description: 'Architecture, in any of its spellings',
    schema: { enum: ['x86_64', 'x86-64', 'amd64', 'x64', 'i386', '16', 'arm64', 'aarch64', 'aa64', '19'] },
  },
  mac: { description: "The machine's MAC address, in any spelling", schema: { type: 'string' } },
  revision: { description: 'Id of a profile revision', schema: { type: 'string' } },
  image: {
    description:
      'name:version:arch, name:version, the id of an asset, or a bare name: the newest complete image of it',
    schema: { type: 'string' },
  },
  n: { description: 'Which initrd, from 0', schema: { type: 'integer', minimum: 0, maximum: 9999 } },
  part: { schema: { enum: ['kernel', 'initrd', 'efi', 'iso', 'rootfs'] } },
  kind: { schema: { enum: assetKinds } },
  file: { schema: { type: 'string' } },
  name: { description: 'Name of a file, as its profile or its image has it', schema: { type: 'string' } },
  stage: { description: 'up, installed, failed or the like', schema: { type: 'string' } },
};

/** The parameters of a path in OpenAPI's notation. */
export function pathParameters(path: string): object[] {
  return [...path.matchAll(/\{(\w+)\}/g)].map(([, name = '']) => ({
    name,
    in: 'path',
    required: true,
    schema: { type: 'string' },
    ...described[name],
  }));
}

/** Query parameters, none of them required, each with what it says. */
export function queryParameters(query: Readonly<Record<string, string>>): object[] {
  return Object.entries(query).map(([name, description]) => ({
    name,
    in: 'query',
    description,
    schema: { type: 'string' },
  }));
}

export function operationId(method: string, path: string): string {
  return `${method}${path.replaceAll(/\W+/g, '_')}`.replace(/_$/, '');
}
