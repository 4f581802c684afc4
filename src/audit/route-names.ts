const PREFIX = '/api/v1/';

/** `/a/:id/b` as OpenAPI writes it: `/a/{id}/b`. */
export function templateOf(routerPath: string): string {
  return routerPath.replace(/:([A-Za-z0-9_]+)/g, '{$1}');
}

/**
 * What a request asks for, in the words that commits use: `POST /api/v1/services/{id}/restart` is `service.restart`. Made of
 * the fixed parts of the path; a path that ends in a collection or one of its items adds what the method does there.
 */
export function verbOf(method: string, template: string): string {
  const path = template.startsWith(PREFIX) ? template.slice(PREFIX.length) : template.slice(1);
  const segments = path.split('/').filter((segment) => segment !== '');
  const [first, ...rest] = segments.filter((segment) => !isParameter(segment));
  if (first === undefined) return method.toLowerCase();
  const known = SINGLE_WORDS[first];
  if (known !== undefined && segments.length === 1) return known;
  const words = [singular(first), ...rest];
  const endsInItem = isParameter(segments.at(-1) ?? '');
  const isCollection = segments.length === 1 && first.endsWith('s');
  return endsInItem || isCollection || method !== 'POST'
    ? [...words, ACTIONS[method] ?? method.toLowerCase()].join('.')
    : words.join('.');
}

/** Paths that are an action and not a collection. */
const SINGLE_WORDS: Readonly<Record<string, string>> = {
  import: 'bundle.import',
  export: 'bundle.export',
};
const ACTIONS: Readonly<Record<string, string>> = {
  POST: 'create',
  PUT: 'update',
  PATCH: 'update',
  DELETE: 'delete',
  GET: 'read',
  HEAD: 'read',
};

function isParameter(segment: string): boolean {
  return segment.startsWith('{');
}

function singular(noun: string): string {
  return noun.length > 3 && noun.endsWith('s') ? noun.slice(0, -1) : noun;
}

/** A route of the router: its methods, and its path as a template and as an expression. */
export interface KnownRoute {
  readonly method: string;
  readonly template: string;
}

/** The template of a path that was answered before the router had looked at it, or `null` when it is none of `routes`. */
export function matchTemplate(
  routes: readonly KnownRoute[],
  method: string,
  path: string,
): string | null {
  const segments = path.replace(/\/+$/, '').split('/');
  const fits = (template: string): boolean => {
    const wanted = template.split('/');
    return (
      wanted.length === segments.length &&
      wanted.every((word, index) =>
        isParameter(word) ? segments[index] !== '' : word === segments[index]?.toLowerCase(),
      )
    );
  };
  const found = routes.filter((route) => route.method === method && fits(route.template));
  // The one with the fewest parameters: `/routes/validate` before `/routes/{route_id}`.
  const parameters = ({ template }: KnownRoute): number => template.split('{').length;
  return found.sort((left, right) => parameters(left) - parameters(right))[0]?.template ?? null;
}
