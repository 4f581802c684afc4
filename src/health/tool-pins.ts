import { sha256Hex } from '../kernel/ids.js';
import { canonicalJson, type JsonObject } from '../kernel/json.js';
import { diffJson, type DiffStep } from '../registry/revision-diff.js';

/** One tool as it is pinned. */
export interface PinnedTool {
  readonly name: string;
  /** Of the canonical JSON of `definition`, lower-case hex. */
  readonly sha256: string;
  readonly definition: JsonObject;
}

/** The definitions of all tools of a service. */
export interface ToolPins {
  /** Over names and hashes of all tools, whatever their order in the list. */
  readonly hash: string;
  /** In order of name. */
  readonly tools: readonly PinnedTool[];
}

/** How one tool differs from what was approved. */
export interface ToolChange {
  readonly tool: string;
  readonly change: 'added' | 'removed' | 'changed';
  /** `null` for a tool that was added. */
  readonly approved_sha256: string | null;
  /** `null` for a tool that was removed. */
  readonly present_sha256: string | null;
  readonly diff: readonly DiffStep[];
}

/** What a client, and the model behind it, reads of a tool (2025-11-25, "Tools", data types). */
const PINNED_MEMBERS = [
  'name',
  'title',
  'description',
  'inputSchema',
  'outputSchema',
  'annotations',
] as const;

/** The pins of tools as listed. Of tools that share a name the last one counts; a proof refuses such a list. */
export function pinTools(tools: readonly JsonObject[]): ToolPins {
  const byName = new Map<string, PinnedTool>();
  for (const tool of tools) {
    const definition = definitionOf(tool);
    const name = typeof tool.name === 'string' ? tool.name : '';
    byName.set(name, { name, sha256: sha256Hex(canonicalJson(definition)), definition });
  }
  const pinned = [...byName.values()].sort((left, right) => (left.name < right.name ? -1 : 1));
  return { hash: hashOf(pinned), tools: pinned };
}

/** What is different now, in order of name. Empty exactly when the hashes are equal. */
export function changesOfPins(approved: ToolPins, present: ToolPins): ToolChange[] {
  if (approved.hash === present.hash) return [];
  const before = new Map(approved.tools.map((tool) => [tool.name, tool]));
  const after = new Map(present.tools.map((tool) => [tool.name, tool]));
  const names = [...new Set([...before.keys(), ...after.keys()])].sort();
  return names.flatMap((name) => changeOf(name, before.get(name), after.get(name)));
}

/** The changes as one clause, such as `"read" changed (/description), "purge" is new`. */
export function changesInWords(changes: readonly ToolChange[]): string {
  const told = changes.slice(0, MAX_TOLD).map(inWords);
  const left = changes.length - told.length;
  return left > 0 ? `${told.join(', ')} and ${String(left)} more` : told.join(', ');
}

const MAX_TOLD = 5;
const MAX_PATHS = 3;

function definitionOf(tool: JsonObject): JsonObject {
  const definition: JsonObject = {};
  for (const member of PINNED_MEMBERS) {
    const value = tool[member];
    if (value !== undefined) definition[member] = value;
  }
  return definition;
}

function hashOf(tools: readonly PinnedTool[]): string {
  return sha256Hex(canonicalJson(tools.map(({ name, sha256 }) => [name, sha256])));
}

function changeOf(
  tool: string,
  before: PinnedTool | undefined,
  after: PinnedTool | undefined,
): ToolChange[] {
  if (before !== undefined && before.sha256 === after?.sha256) return [];
  const change = before === undefined ? 'added' : after === undefined ? 'removed' : 'changed';
  return [
    {
      tool,
      change,
      approved_sha256: before?.sha256 ?? null,
      present_sha256: after?.sha256 ?? null,
      diff: diffJson(before?.definition ?? {}, after?.definition ?? {}),
    },
  ];
}

function inWords({ tool, change, diff }: ToolChange): string {
  switch (change) {
    case 'added':
      return `"${tool}" is new`;
    case 'removed':
      return `"${tool}" is gone`;
    case 'changed': {
      const paths = diff.slice(0, MAX_PATHS).map(({ path }) => path);
      const more = diff.length > MAX_PATHS ? ', …' : '';
      return `"${tool}" changed (${paths.join(', ')}${more})`;
    }
  }
}
