/** A layer of the router of Express 5; one without a route is middleware. */
interface RouterLayer {
  readonly route?: { readonly methods: Readonly<Record<string, boolean>> };
  match(path: string): boolean;
}

/**
 * The methods that an Express application takes at `path`, sorted; none where nothing is mounted. GET brings HEAD (RFC 9110,
 * section 9.3.2). Anything else than such an application takes none.
 */
export function allowedMethods(application: unknown, path: string): string[] {
  const found = new Set<string>();
  for (const layer of layersOf(application)) {
    if (layer.route === undefined || !layer.match(path)) continue;
    for (const method of Object.keys(layer.route.methods)) {
      // `_all` is how the router writes that a route asks for no method.
      if (!method.startsWith('_')) found.add(method.toUpperCase());
    }
  }
  if (found.has('GET')) found.add('HEAD');
  return [...found].sort();
}

function layersOf(application: unknown): readonly RouterLayer[] {
  const isApplication = typeof application === 'function' && 'router' in application;
  const router: unknown = isApplication ? application.router : null;
  const isRouter = typeof router === 'function' && 'stack' in router;
  return isRouter && Array.isArray(router.stack) ? (router.stack as RouterLayer[]) : [];
}
