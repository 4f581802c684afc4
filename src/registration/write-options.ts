import type { FieldError } from '../kernel/problem.js';
import type { CommandOptions } from './lifecycle-commands.js';
import { readPrefer } from './prefer.js';
import type { RegisterOptions } from './register-service.js';
import { registrationProblems } from './registration.errors.js';
import type { RemoveOptions } from './remove-service.js';
import type { UpdateOptions } from './update-service.js';

/** What of a request besides its body steers a write. */
export interface WriteParameters {
  readonly query: Readonly<Record<string, unknown>>;
  readonly prefer: string | undefined;
  readonly ifMatch: string | undefined;
}

export interface WriteOptions {
  readonly register: RegisterOptions;
  readonly update: UpdateOptions;
  readonly remove: RemoveOptions;
  readonly command: CommandOptions;
  /** What of `Prefer` was applied, or `null`. */
  readonly applied: string | null;
}

type QueryName = 'dry_run' | 'on_failure' | 'force' | 'cascade' | 'allow_breaking';

/** Reads the parameters that a write accepts; refuses any other, and any bad value, all at once. */
export function readWriteOptions(
  { query, prefer, ifMatch }: WriteParameters,
  accepted: readonly QueryName[],
): WriteOptions {
  const errors: FieldError[] = [];
  for (const name of Object.keys(query)) {
    if (!(accepted as readonly string[]).includes(name)) {
      errors.push({ pointer: `#query/${name}`, detail: 'is not known here' });
    }
  }
  const dry_run = readFlag(query['dry_run'], 'dry_run', errors);
  const force = readFlag(query['force'], 'force', errors);
  const on_failure = readChoice(query['on_failure'], 'on_failure', ['keep', 'discard'], errors);
  const cascade = readChoice(query['cascade'], 'cascade', ['deactivate'], errors);
  const allow_breaking =
    query['allow_breaking'] === undefined
      ? undefined
      : readFlag(query['allow_breaking'], 'allow_breaking', errors);
  if (errors.length > 0) {
    throw registrationProblems['invalid-query']({ detail: 'The query is not valid.', errors });
  }
  const { wait_ms, applied } = readPrefer(prefer);
  return {
    register: { wait_ms, dry_run, on_failure },
    update: { wait_ms, dry_run, ifMatch, allow_breaking },
    remove: { wait_ms, dry_run, ifMatch, force, cascade },
    command: { wait_ms, dry_run, ifMatch },
    applied,
  };
}

/** `?flag`, `?flag=true` and `?flag=false`. */
function readFlag(value: unknown, name: QueryName, errors: FieldError[]): boolean {
  if (value === undefined || value === 'false') return false;
  if (value === 'true' || value === '') return true;
  errors.push({ pointer: `#query/${name}`, detail: 'must be true or false' });
  return false;
}

function readChoice<Choice extends string>(
  value: unknown,
  name: QueryName,
  choices: readonly Choice[],
  errors: FieldError[],
): Choice | undefined {
  if (value === undefined) return undefined;
  const chosen = choices.find((choice) => choice === value);
  if (chosen === undefined) {
    errors.push({ pointer: `#query/${name}`, detail: `must be ${choices.join(' or ')}` });
  }
  return chosen;
}
