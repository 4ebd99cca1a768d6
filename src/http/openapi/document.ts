import { type StaticPage, staticPage } from '../plane/static-page.ts';
import { adminPaths } from './admin.ts';
import { bootPaths } from './boot.ts';
import type { Components } from './components.ts';
import { commonPaths, docsPaths } from './pages.ts';
import { problemSchema, requestIdHeader } from './problems.ts';

const host = { broker: { default: 'localhost', description: 'Where the broker is' } };
/** The planes, each a server of its own. */
export const planes = {
  boot: { url: 'http://{broker}:8080', description: 'Boot plane (BROKER_LISTEN)', variables: host },
  admin: { url: 'http://{broker}:8081', description: 'Admin plane (BROKER_ADMIN_LISTEN)', variables: host },
};

const description = `Boots bare-metal machines from Cloud Storage without the images passing through a server.

Machines ask the boot plane, which admits them by network. Administrators ask the admin plane, by a bearer token.
Whatever answers GET answers HEAD too, without the body. Every refusal is a problem document (RFC 9457), whose \`type\`
says what it is: programs go by that, never by its words. A list comes in pages: \`next\` of one is the \`cursor\` of the next.`;

/** Both planes as OpenAPI 3.1, made from the routes themselves. */
export function openapi(): object {
  const components: Components = { schemas: { Problem: problemSchema }, responses: {} };
  const paths = {
    ...served(bootPaths(components), planes.boot),
    ...served(adminPaths(components), planes.admin),
    ...commonPaths(components),
    ...served(docsPaths(components), planes.admin),
  };
  return {
    openapi: '3.1.1',
    info: {
      title: 'bootbroker',
      version: '1',
      description,
      license: { name: 'Apache-2.0', identifier: 'Apache-2.0' },
    },
    servers: [planes.boot, planes.admin],
    tags: [
      { name: 'boot', description: 'What machines ask' },
      { name: 'broker', description: 'What every listener answers' },
    ],
    paths,
    components: {
      securitySchemes: {
        bearer: { type: 'http', scheme: 'bearer', description: 'BROKER_ADMIN_TOKEN' },
        metrics: { type: 'http', scheme: 'bearer', description: 'BROKER_METRICS_TOKEN, if there is one' },
      },
      headers: { 'X-Request-Id': requestIdHeader },
      ...components,
    },
  };
}

/** The same, to be served. */
export function openapiPage(): StaticPage {
  return staticPage('application/json', JSON.stringify(openapi()));
}

function served(paths: Record<string, object>, plane: object): Record<string, object> {
  return Object.fromEntries(
    Object.entries(paths).map(([path, item]) => [path, { servers: [plane], ...item }]),
  );
}
