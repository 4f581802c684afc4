import { isJsonObject, type JsonObject, type JsonValue } from '../kernel/json.js';
import type { FieldError } from '../kernel/problem.js';

export interface Inputs {
  readonly values: JsonObject;
  /** What the operator has to provide. */
  readonly warnings: readonly string[];
}

/**
 * Headers or environment variables of a `server.json`: `[{ name, value, default, isRequired, isSecret }]`. A required
 * secret becomes the reference `${env:SWITCHYARD_SECRET_<NAME>}`, as a secret is never part of a document.
 */
export function readInputs(list: JsonValue | undefined, at: string, errors: FieldError[]): Inputs {
  const values: JsonObject = {};
  const warnings: string[] = [];
  for (const [pointer, item] of items(list, at, errors)) {
    const { name } = item;
    if (typeof name !== 'string' || name === '') {
      errors.push({ pointer: `${pointer}/name`, detail: 'must be a name' });
      continue;
    }
    if (item['isSecret'] === true) {
      if (item['isRequired'] !== true) continue;
      const variable = `SWITCHYARD_SECRET_${name.toUpperCase().replaceAll(/[^A-Z0-9]/g, '_')}`;
      values[name] = secretTemplate(item['value'], variable);
      warnings.push(`${name} is read from ${variable} in the environment of the gateway.`);
      continue;
    }
    const value = readValue(item, pointer, name, errors);
    if (value !== null) values[name] = value;
  }
  return { values, warnings };
}

/** A fixed text around one variable, such as `Bearer {token}`, keeps its text. */
function secretTemplate(value: JsonValue | undefined, variable: string): string {
  const reference = `\${env:${variable}}`;
  if (typeof value !== 'string') return reference;
  const parts = value.split(/\{[^{}]*\}/);
  return parts.length === 2 ? `${parts[0] ?? ''}${reference}${parts[1] ?? ''}` : reference;
}

/** Arguments of a `server.json`: positional values, and names with their values, in their order. */
export function readArguments(
  list: JsonValue | undefined,
  at: string,
  errors: FieldError[],
): string[] {
  const found: string[] = [];
  for (const [pointer, item] of items(list, at, errors)) {
    const { type, name } = item;
    const label = typeof name === 'string' ? name : String(item['valueHint'] ?? 'the argument');
    const value = readValue(item, pointer, label, errors, type === 'named');
    if (type === 'named' && typeof name === 'string') {
      if (value === null && item['isRequired'] !== true) continue;
      found.push(name, ...(value === null || value === '' ? [] : [value]));
    } else if (type === 'positional') {
      if (value !== null) found.push(value);
    } else {
      errors.push({
        pointer: `${pointer}/type`,
        detail: 'must be positional, or named with a name',
      });
    }
  }
  return found;
}

/** The value or the default, or `null`; a required one that only the user knows is an error that names it. */
function readValue(
  item: JsonObject,
  pointer: string,
  label: string,
  errors: FieldError[],
  mayBeBare = false,
): string | null {
  const value = item['value'] ?? item['default'];
  if (typeof value === 'string') {
    if (!/\{[A-Za-z0-9_]+\}/.test(value) || !isJsonObject(item['variables'])) return value;
    return substituted(value, item['variables'], pointer, errors);
  }
  if (item['isRequired'] === true && !mayBeBare) {
    errors.push({
      pointer,
      detail: `needs a value for ${label}; register a service with it in config instead`,
    });
  }
  return null;
}

function substituted(
  value: string,
  variables: JsonObject,
  pointer: string,
  errors: FieldError[],
): string {
  return value.replaceAll(/\{([A-Za-z0-9_]+)\}/g, (whole, name: string) => {
    const variable = variables[name];
    const given = isJsonObject(variable) ? (variable['value'] ?? variable['default']) : undefined;
    if (typeof given === 'string') return given;
    errors.push({
      pointer: `${pointer}/variables/${name}`,
      detail: 'has no value; register a service with it in config instead',
    });
    return whole;
  });
}

function* items(
  list: JsonValue | undefined,
  at: string,
  errors: FieldError[],
): Generator<[string, JsonObject]> {
  if (list === undefined || list === null) return;
  if (!Array.isArray(list)) {
    errors.push({ pointer: at, detail: 'must be a list' });
    return;
  }
  for (const [index, item] of list.entries()) {
    const pointer = `${at}/${String(index)}`;
    if (isJsonObject(item)) yield [pointer, item];
    else errors.push({ pointer, detail: 'must be an object' });
  }
}
