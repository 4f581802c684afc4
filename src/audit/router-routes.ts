import { templateOf, type KnownRoute } from './route-names.js';

/** The routes of an Express 5 application, as far as their path is a text. Anything else than such an application has none. */
export function routesOf(application: unknown): KnownRoute[] {
  const stack = member(member(application, 'router'), 'stack');
  if (!Array.isArray(stack)) return [];
  return stack.flatMap((layer: unknown) => {
    const route = member(layer, 'route');
    const path = member(route, 'path');
    const methods = member(route, 'methods');
    if (typeof path !== 'string' || typeof methods !== 'object' || methods === null) return [];
    const template = templateOf(path);
    return Object.keys(methods).map((method) => ({ method: method.toUpperCase(), template }));
  });
}

/** The template of the route that a request was given to, or `null`. */
export function routeOf(request: object): string | null {
  const path = member(member(request, 'route'), 'path');
  return typeof path === 'string' ? templateOf(path) : null;
}

function member(value: unknown, name: string): unknown {
  if ((typeof value !== 'object' && typeof value !== 'function') || value === null)
    return undefined;
  return (value as Readonly<Record<string, unknown>>)[name];
}
