import { Ajv, type ErrorObject, type Options, type ValidateFunction } from 'ajv';
import { Ajv2019 } from 'ajv/dist/2019.js';
import { Ajv2020 } from 'ajv/dist/2020.js';
import { canonicalJson, pointerTo, type JsonObject } from './json.js';
import { compileLinearPatterns, type LinearPattern } from './linear-pattern.js';
import { walkSchema } from './schema-walk.js';

/** A schema ready for use. `validate` answers `<pointer>: <message>` for each violation found; empty = valid. */
export interface CompiledSchema {
  readonly ok: true;
  validate(value: unknown): string[];
  /** Patterns that the linear-time engine cannot hold (look-around, back references): not checked, always passed. */
  readonly unchecked: readonly string[];
}

export interface RefusedSchema {
  readonly ok: false;
  /** Follows "The schema is not usable: ". */
  readonly reason: string;
}

const STEP = 'x-switchyard-step';
/** Work of one validation, about a tenth of a second at most. */
const MAX_STEPS = 1_000_000;
/** Work of the second look that collects every violation; bounds how many there can be. */
const MAX_STEPS_FOR_ALL = 20_000;
const MAX_MESSAGES = 20;

const cache = new WeakMap<JsonObject, CompiledSchema | RefusedSchema>();

class TooCostly extends Error {}

/** Work left to the validation that runs; validations are synchronous and do not nest. */
let stepsLeft = 0;

function spend(steps: number): void {
  stepsLeft -= steps;
  if (stepsLeft < 0) throw new TooCostly();
}

/**
 * Compiles foreign JSON Schema (2020-12 unless `$schema` says otherwise; formats are annotations). Refuses what is larger
 * than 256 KiB, deeper than 32 levels, or refers outside itself. The work of a validation is counted and bounded,
 * patterns run in linear time: neither a schema nor a value can stall the process.
 *
 * The outcome is kept for as long as the schema object lives; `schema` must not be changed afterwards.
 * Why not one shared Ajv: it keeps constants and patterns of every schema it ever compiled.
 */
export function compileSchema(schema: JsonObject): CompiledSchema | RefusedSchema {
  const known = cache.get(schema);
  if (known !== undefined) return known;
  const outcome = compile(schema);
  cache.set(schema, outcome);
  return outcome;
}

function compile(schema: JsonObject): CompiledSchema | RefusedSchema {
  const walked = walkSchema(schema, STEP);
  if (!walked.ok) return walked;
  const patterns = compileLinearPatterns(walked.patterns);
  if (patterns === null) return { ok: false, reason: 'its patterns are too many or too large' };
  const unchecked = walked.patterns.filter((pattern) => patterns.get(pattern) === null);
  const dialects = dialectsOf(schema);
  const root = { ...walked.schema, $id: 'urn:switchyard:schema' };
  let reason = '';
  for (const dialect of dialects) {
    try {
      const make = (allErrors: boolean): ValidateFunction =>
        makeAjv(dialect, allErrors, patterns).compile(root);
      return { ok: true, unchecked, validate: validator(make(false), make) };
    } catch (error) {
      reason ||= error instanceof Error ? error.message : String(error);
    }
  }
  return { ok: false, reason };
}

function validator(
  first: ValidateFunction,
  make: (allErrors: boolean) => ValidateFunction,
): (value: unknown) => string[] {
  let every: ValidateFunction | null = null;
  return (value) => {
    try {
      if (run(first, value, MAX_STEPS)) return [];
    } catch (error) {
      return [`: ${costFault(error)}`];
    }
    const errors = first.errors ?? [];
    try {
      every ??= make(true);
      run(every, value, MAX_STEPS_FOR_ALL);
      return messagesOf(every.errors ?? errors);
    } catch {
      return messagesOf(errors);
    }
  };
}

function run(validate: ValidateFunction, value: unknown, steps: number): boolean {
  stepsLeft = steps;
  return validate(value);
}

function costFault(error: unknown): string {
  if (error instanceof TooCostly) return 'takes too much work to check against its schema';
  if (error instanceof RangeError) return 'is nested too deeply to check against its schema';
  throw error;
}

type Dialect = '2020-12' | '2019-09' | 'draft-07';

/** Without `$schema` it is 2020-12 (the protocol's default), or draft 7 where only that compiles. */
function dialectsOf(schema: JsonObject): readonly Dialect[] {
  const stated = schema.$schema;
  if (typeof stated !== 'string') return ['2020-12', 'draft-07'];
  if (/draft-0[467]/.test(stated)) return ['draft-07'];
  return stated.includes('2019-09') ? ['2019-09'] : ['2020-12'];
}

function makeAjv(
  dialect: Dialect,
  allErrors: boolean,
  patterns: ReadonlyMap<string, LinearPattern | null>,
): Ajv {
  const options: Options = {
    allErrors,
    strict: false,
    meta: false,
    validateSchema: false,
    validateFormats: false,
    logger: false,
    // Optimising costs time in proportion to the square of the schema's size.
    code: { regExp: engineOf(patterns), optimize: false },
  };
  const ajv =
    dialect === '2020-12'
      ? new Ajv2020(options)
      : dialect === '2019-09'
        ? new Ajv2019(options)
        : new Ajv(options);
  ajv.removeKeyword('uniqueItems');
  ajv.addKeyword({
    keyword: 'uniqueItems',
    type: 'array',
    schemaType: 'boolean',
    error: { message: 'must not have equal items' },
    validate: (wanted: boolean, items: readonly unknown[]) => !wanted || allDiffer(items),
  });
  ajv.addKeyword({
    keyword: STEP,
    schemaType: 'number',
    validate: (steps: number) => {
      spend(steps);
      return true;
    },
  });
  return ajv;
}

/** Linear in the size of the items; Ajv's own compares each with each. */
function allDiffer(items: readonly unknown[]): boolean {
  const seen = new Set<string>();
  for (const item of items) {
    const text = canonicalJson(item);
    spend(1 + text.length / 256);
    if (seen.has(text)) return false;
    seen.add(text);
  }
  return true;
}

type RegExpEngine = NonNullable<NonNullable<Options['code']>['regExp']>;

/** Ajv keys compiled patterns by their text, hence `toString`. */
function engineOf(patterns: ReadonlyMap<string, LinearPattern | null>): RegExpEngine {
  const engine = (source: string): { test(text: string): boolean; toString(): string } => {
    const pattern = patterns.get(source) ?? null;
    return {
      test: (text) => pattern === null || pattern.test(text, spend),
      toString: () => source,
    };
  };
  return Object.assign(engine, { code: 'linearPattern' });
}

function messagesOf(errors: readonly ErrorObject[]): string[] {
  const messages = new Set<string>();
  for (const { instancePath, message, params } of errors) {
    const facts = params as Readonly<Record<string, unknown>>;
    const extra = facts.additionalProperty ?? facts.unevaluatedProperty;
    const at = typeof extra === 'string' ? pointerTo(instancePath, extra) : instancePath;
    const allowed = Array.isArray(facts.allowedValues)
      ? ` ${JSON.stringify(facts.allowedValues).slice(0, 200)}`
      : '';
    messages.add(
      `${at}: ${typeof extra === 'string' ? 'is not allowed' : (message ?? '')}${allowed}`,
    );
    if (messages.size === MAX_MESSAGES) break;
  }
  return [...messages];
}
