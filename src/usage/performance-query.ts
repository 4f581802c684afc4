import type { FieldError } from '../kernel/problem.js';
import { MAX_TOOLS } from './service-performance.js';
import { usageProblems } from './usage.errors.js';

const DEFAULT_TOOLS = 10;

/** Reads `?tools=`, how many tools to list at most. Throws `usage.query-invalid` with `errors` at `#query/<name>`. */
export function readPerformanceQuery(query: Readonly<Record<string, unknown>>): number {
  const { tools = String(DEFAULT_TOOLS), ...others } = query;
  const errors: FieldError[] = Object.keys(others).map((name) => ({
    pointer: `#query/${name}`,
    detail: 'is not a parameter of this path.',
  }));
  const count = typeof tools === 'string' && /^\d{1,2}$/.test(tools) ? Number(tools) : 0;
  if (count < 1 || count > MAX_TOOLS) {
    errors.push({ pointer: '#query/tools', detail: `must be a number of 1 to ${MAX_TOOLS}.` });
  }
  if (errors.length > 0) throw usageProblems['query-invalid']({ errors });
  return count;
}
