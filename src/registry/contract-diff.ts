import { equalJson, pointerTo, type JsonObject, type JsonValue } from '../kernel/json.js';
import { annotationReasons, executionReasons } from './contract-annotations.js';
import type { ContractReason } from './contract-reason.js';
import { ComparisonBudget } from './schema-budget.js';
import { inputReasons, outputReasons, type SchemaVerdict } from './schema-compatibility.js';
import { sizeOf } from './schema-source.js';

export interface ToolChange {
  readonly tool: string;
  readonly change: 'added' | 'removed' | 'changed' | 'unchanged';
  readonly verdict: 'compatible' | 'breaking';
  readonly reasons: readonly ContractReason[];
}

export interface ContractDiff {
  readonly verdict: 'compatible' | 'breaking';
  /** By name. */
  readonly tools: readonly ToolChange[];
}

/** Work for one tool, and for all tools of a comparison, in schemas looked at. */
const TOOL_BUDGET = 20_000;
const TOTAL_BUDGET = 100_000;
/** Values within a tool that count as one step. */
const VALUES_PER_STEP = 5;
const MAX_REASONS = 50;

/**
 * What a change of tools means for those who call them: may they go on as they did? The schemas are foreign: the work is
 * bounded, and what is beyond it cannot be told.
 */
export function contractDiff(
  before: readonly JsonObject[],
  after: readonly JsonObject[],
): ContractDiff {
  const [old, present] = [byName(before), byName(after)];
  const names = [...new Set([...old.keys(), ...present.keys()])].sort();
  let left = TOTAL_BUDGET;
  const tools = names.map((name) => {
    const [was, is] = [old.get(name), present.get(name)];
    if (was === undefined || is === undefined) return existence(name, is !== undefined);
    const size = left > 0 ? sizeOf([was, is]) : null;
    left -= Math.ceil((size ?? 0) / VALUES_PER_STEP);
    if (size === null || left <= 0) return isVerbatim(was, is) ? unchanged(name) : untold(name);
    const budget = new ComparisonBudget(Math.min(left, TOOL_BUDGET));
    const change = toolChange(name, was, is, budget);
    left -= budget.spent;
    return change;
  });
  return { verdict: isBroken(tools) ? 'breaking' : 'compatible', tools };
}

function isBroken(all: readonly { readonly verdict: SchemaVerdict }[]): boolean {
  return all.some(({ verdict }) => verdict !== 'compatible');
}

/** The first of each name: a second one can not be called. */
function byName(tools: readonly JsonObject[]): ReadonlyMap<string, JsonObject> {
  const named = new Map<string, JsonObject>();
  for (const tool of tools) {
    const { name } = tool;
    if (typeof name === 'string' && !named.has(name)) named.set(name, tool);
  }
  return named;
}

function existence(tool: string, isAdded: boolean): ToolChange {
  const verdict = isAdded ? 'compatible' : 'breaking';
  const detail = isAdded ? 'the tool is new' : 'the tool is gone';
  const change = isAdded ? 'added' : 'removed';
  return { tool, change, verdict, reasons: [{ pointer: '', side: 'tool', detail, verdict }] };
}

function unchanged(tool: string): ToolChange {
  return { tool, change: 'unchanged', verdict: 'compatible', reasons: [] };
}

/** Written alike, whatever the size. */
function isVerbatim(before: JsonObject, after: JsonObject): boolean {
  try {
    return JSON.stringify(before) === JSON.stringify(after);
  } catch (error) {
    // Nested more deeply than the stack is high.
    if (error instanceof RangeError) return false;
    throw error;
  }
}

/** Too large, too deep, or one of too many. */
function untold(tool: string): ToolChange {
  const detail = 'it cannot be told whether the tool is the same: there is too much to compare';
  const reason = { pointer: '', side: 'tool', detail, verdict: 'unknown' } as const;
  return { tool, change: 'changed', verdict: 'breaking', reasons: [reason] };
}

function toolChange(
  tool: string,
  before: JsonObject,
  after: JsonObject,
  budget: ComparisonBudget,
): ToolChange {
  if (equalJson(before, after)) return unchanged(tool);
  const reasons = toolReasons(before, after, budget);
  const verdict = isBroken(reasons) ? 'breaking' : 'compatible';
  return { tool, change: 'changed', verdict, reasons: limited(reasons) };
}

function toolReasons(
  before: JsonObject,
  after: JsonObject,
  budget: ComparisonBudget,
): ContractReason[] {
  const input = inputReasons(
    before['inputSchema'] ?? {},
    after['inputSchema'] ?? {},
    '/inputSchema',
    budget,
  );
  return [
    ...input.map((one) => ({ ...one, side: 'input' as const })),
    ...outputChange(before['outputSchema'], after['outputSchema'], budget),
    ...annotationReasons(before['annotations'], after['annotations']),
    ...executionReasons(before['execution'], after['execution']),
    ...textReasons(before, after),
  ];
}

const OUTPUT = '/outputSchema';

function outputChange(
  before: JsonValue | undefined,
  after: JsonValue | undefined,
  budget: ComparisonBudget,
): ContractReason[] {
  if (before === undefined && after === undefined) return [];
  if (before === undefined) {
    const detail = 'the shape of the result is promised now';
    return [{ pointer: OUTPUT, side: 'output', detail, verdict: 'compatible' }];
  }
  if (after === undefined) {
    const detail = 'the shape of the result is not promised any more';
    return [{ pointer: OUTPUT, side: 'output', detail, verdict: 'breaking' }];
  }
  return outputReasons(before, after, OUTPUT, budget).map((one) => ({ ...one, side: 'output' }));
}

/** Members of a tool that are compared for themselves; what is left is for people. */
const COMPARED = new Set(['name', 'inputSchema', 'outputSchema', 'annotations', 'execution']);

function textReasons(before: JsonObject, after: JsonObject): ContractReason[] {
  const names = [...new Set([...Object.keys(before), ...Object.keys(after)])].sort();
  return names
    .filter((name) => !COMPARED.has(name) && !equalJson(before[name] ?? null, after[name] ?? null))
    .map((name) => ({
      pointer: `/${name.slice(0, 64)}`,
      side: 'text',
      detail: 'changed text',
      verdict: 'compatible',
    }));
}

/** The breaking ones first; a reason says how many more there are. */
function limited(reasons: readonly ContractReason[]): readonly ContractReason[] {
  if (reasons.length <= MAX_REASONS) return reasons;
  const breaking = reasons.filter(({ verdict }) => verdict !== 'compatible');
  const rest = reasons.filter(({ verdict }) => verdict === 'compatible');
  const kept = [...breaking, ...rest].slice(0, MAX_REASONS);
  const count = String(reasons.length - MAX_REASONS);
  const verdict = breaking.length > MAX_REASONS ? 'breaking' : 'compatible';
  return [...kept, { pointer: '', side: 'tool', detail: `and ${count} more changes`, verdict }];
}

/** What breaks callers, as sentences by tool: the errors of a refusal, at most 50. */
export function breakages({ tools }: ContractDiff): { pointer: string; detail: string }[] {
  return tools
    .flatMap(({ tool, reasons }) =>
      reasons
        .filter(({ verdict }) => verdict !== 'compatible')
        .map(({ pointer, detail }) => ({
          pointer: `${pointerTo('/tools', tool.slice(0, 128))}${pointer}`,
          detail: `${tool}: ${detail}.`,
        })),
    )
    .slice(0, MAX_REASONS);
}
