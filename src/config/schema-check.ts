import { Ajv2020, type ErrorObject, type ValidateFunction } from 'ajv/dist/2020.js';
import { pointerTo, valueAt } from '../kernel/json.js';
import type { FieldError } from '../kernel/problem.js';
import { hintOf, type FieldSchema } from './field-schema.js';

/** Finds everything wrong with a value; pointers start with `base`. */
export type SchemaCheck = (value: unknown, base: string) => FieldError[];

const MAX_ERRORS = 100;

/**
 * Compiles a schema of ours once, at the first use, as a start needs but one of them.
 * Not for foreign schemas: its patterns run in the engine of the language.
 */
export function compileCheck(schema: FieldSchema): SchemaCheck {
  let compiled: ValidateFunction | null = null;
  return (value, base) => {
    compiled ??= new Ajv2020({ allErrors: true, allowUnionTypes: true, strict: true }).compile(
      schema,
    );
    const validate = compiled;
    if (validate(value)) return [];
    const found = (validate.errors ?? []).slice(0, MAX_ERRORS);
    return unique(found.flatMap((error) => fieldErrorOf(error, value, base)));
  };
}

function fieldErrorOf(error: ErrorObject, root: unknown, base: string): FieldError[] {
  const at = `${base}${error.instancePath}`;
  const { keyword } = error;
  const params = error.params as Readonly<Record<string, unknown>>;
  if (error.propertyName !== undefined) {
    const detail = `the name ${describe(keyword, params, 'string')}.`;
    return [{ pointer: pointerTo(at, error.propertyName), detail }];
  }
  if (keyword === 'propertyNames') return [];
  if (keyword === 'additionalProperties') {
    const name = String(params['additionalProperty']);
    return [{ pointer: pointerTo(at, name), detail: 'is not a known field.' }];
  }
  if (keyword === 'required') {
    return [{ pointer: pointerTo(at, String(params['missingProperty'])), detail: 'is required.' }];
  }
  const actual = valueAt(root, error.instancePath);
  return [{ pointer: at, detail: `${describe(keyword, params, kindOf(actual))}.` }];
}

/** Why not ajv's own text: it shows patterns and speaks of schemas, where a reader wants to know what to write. */
function describe(
  keyword: string,
  params: Readonly<Record<string, unknown>>,
  actual: string,
): string {
  const limit = String(params['limit']);
  switch (keyword) {
    case 'type':
      return `must be of type ${typeNames(params['type'])}, not ${actual}`;
    case 'enum':
      return `must be one of ${typeNames(params['allowedValues'])}`;
    case 'minimum':
      return `must be at least ${limit}`;
    case 'maximum':
      return `must be at most ${limit}`;
    case 'minLength':
      return limit === '1' ? 'must not be empty' : `must have at least ${limit} characters`;
    case 'maxLength':
      return `must have at most ${limit} characters`;
    case 'maxItems':
      return `must have at most ${limit} items`;
    case 'maxProperties':
      return `must have at most ${limit} entries`;
    case 'uniqueItems':
      return `must not repeat an item (items ${String(params['i'])} and ${String(params['j'])})`;
    case 'pattern':
      return `must be ${hintOf(String(params['pattern'])) ?? 'of the documented form'}`;
    default:
      return 'is not valid';
  }
}

function typeNames(names: unknown): string {
  const all = Array.isArray(names) ? names.map(String) : [String(names)];
  const meant = all.filter((name) => name !== 'null');
  return meant.join(', ');
}

function kindOf(value: unknown): string {
  if (value === null) return 'null';
  return Array.isArray(value) ? 'array' : typeof value;
}

function unique(errors: readonly FieldError[]): FieldError[] {
  const seen = new Set<string>();
  return errors.filter(({ pointer, detail }) => {
    const key = `${pointer} ${detail}`;
    if (seen.has(key)) return false;
    seen.add(key);
    return true;
  });
}
