/** A path in OpenAPI's notation, `/machines/{id}`, in the router's. */
export function routerPath(path: string): string {
  return path.replace(/\{(\w+)\}/g, ':$1');
}
