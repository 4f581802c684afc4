/**
 * The base of the errors that the management API shows (RFC 9457). Each module declares its own closed list in
 * `<module>.errors.ts` with `defineProblems`; `docs/reference/errors.md` lists them all and a test pins both.
 */
export interface ProblemDefinition {
  readonly status: number;
  readonly title: string;
  /** What the reader can do next; one sentence. */
  readonly action: string;
  readonly level: 'debug' | 'info' | 'warn' | 'error';
}

export interface FieldError {
  /** JSON Pointer (RFC 6901) into the request body, or `#query/<name>`, `#header/<name>`. */
  readonly pointer: string;
  readonly detail: string;
}

export interface ProblemDetails {
  readonly detail?: string;
  readonly errors?: readonly FieldError[];
  /** Seconds; sent as `Retry-After` as well. */
  readonly retry_after_s?: number;
  /** Further members of the problem document, such as `service_id`, `stage` or `conflicts_with`. */
  readonly extra?: Readonly<Record<string, unknown>>;
  readonly headers?: Readonly<Record<string, string>>;
  readonly cause?: unknown;
}

export class ProblemError extends Error {
  constructor(
    readonly code: string,
    readonly definition: ProblemDefinition,
    readonly details: ProblemDetails = {},
  ) {
    super(details.detail ?? definition.title, { cause: details.cause });
    this.name = 'ProblemError';
  }

  get status(): number {
    return this.definition.status;
  }
}

export type ProblemFactory = (details?: ProblemDetails | string) => ProblemError;

const registered = new Map<string, ProblemDefinition>();

/** Every problem declared so far, by code: what the pin test compares with the reference. */
export function registeredProblems(): ReadonlyMap<string, ProblemDefinition> {
  return registered;
}

/**
 * Declares the closed list of a module: `{ 'name-taken': {...} }` under `registry` becomes the code
 * `registry.name-taken` and a factory `problems['name-taken']('why')`.
 */
export function defineProblems<Name extends string>(
  module: string,
  table: Readonly<Record<Name, ProblemDefinition>>,
): Readonly<Record<Name, ProblemFactory>> {
  const factories = {} as Record<Name, ProblemFactory>;
  for (const name of Object.keys(table) as Name[]) {
    const code = `${module}.${name}`;
    const definition = table[name];
    registered.set(code, definition);
    factories[name] = (details) =>
      new ProblemError(
        code,
        definition,
        typeof details === 'string' ? { detail: details } : (details ?? {}),
      );
  }
  return factories;
}

/** The `application/problem+json` document of an error (RFC 9457, section 3). */
export function problemDocument(
  error: ProblemError,
  context: { readonly instance?: string; readonly request_id?: string },
): Record<string, unknown> {
  const { definition, details } = error;
  return {
    type: `urn:switchyard:problem:${error.code}`,
    title: definition.title,
    status: definition.status,
    detail: error.message,
    code: error.code,
    action: definition.action,
    ...(context.instance === undefined ? {} : { instance: context.instance }),
    ...(context.request_id === undefined ? {} : { request_id: context.request_id }),
    ...(details.errors === undefined ? {} : { errors: details.errors }),
    ...(details.retry_after_s === undefined ? {} : { retry_after_s: details.retry_after_s }),
    ...details.extra,
  };
}

/** The JSON Schema of that document, for the OpenAPI description of every refusal. */
export const PROBLEM_SCHEMA = {
  type: 'object',
  required: ['type', 'title', 'status', 'code'],
  properties: {
    type: { type: 'string' },
    title: { type: 'string' },
    status: { type: 'integer' },
    detail: { type: 'string' },
    code: { type: 'string', description: 'From the closed list in docs/reference/errors.md.' },
    action: { type: 'string', description: 'What to do next.' },
    request_id: { type: 'string' },
    errors: {
      type: 'array',
      items: {
        type: 'object',
        properties: { pointer: { type: 'string' }, detail: { type: 'string' } },
      },
    },
  },
  additionalProperties: true,
};
