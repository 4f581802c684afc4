import type { FieldError } from '../kernel/problem.js';
import { healthProblems } from './health.errors.js';

export interface HistoryQuery {
  /** `null` = every check. */
  readonly check: string | null;
  readonly limit: number;
}

const DEFAULT_LIMIT = 100;
const MAX_LIMIT = 1_000;
const MAX_NAME = 256;

/** Reads the parameters of a query. Throws `health.query-invalid` with `errors` that point at `#query/<name>`. */
export function readHistoryQuery(query: Readonly<Record<string, unknown>>): HistoryQuery {
  const errors: FieldError[] = [];
  const { check = null, limit = String(DEFAULT_LIMIT), ...others } = query;
  for (const name of Object.keys(others)) {
    errors.push({ pointer: `#query/${name}`, detail: 'is not a parameter of this path.' });
  }
  if (check !== null && (typeof check !== 'string' || check === '' || check.length > MAX_NAME)) {
    errors.push({ pointer: '#query/check', detail: 'must be the name of one check.' });
  }
  const count = typeof limit === 'string' && /^\d{1,4}$/.test(limit) ? Number(limit) : 0;
  if (count < 1 || count > MAX_LIMIT) {
    errors.push({ pointer: '#query/limit', detail: `must be a number of 1 to ${MAX_LIMIT}.` });
  }
  if (errors.length > 0) throw healthProblems['query-invalid']({ errors });
  return { check: typeof check === 'string' ? check : null, limit: count };
}
