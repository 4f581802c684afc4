import { isJsonObject, pointerTo, type JsonObject, type JsonValue } from '../kernel/json.js';
import {
  join,
  memberOf,
  objectsIn,
  renderRows,
  renderTable,
  shortText,
  text,
} from './render-text.js';

export function renderList({ items }: JsonObject): string {
  const rows = objectsIn(items).map((service) => [
    text(service['name']),
    text(service['version']),
    text(service['state']),
    text(memberOf(service, 'health', 'level')),
    text(memberOf(service, 'proof', 'level')),
    text(memberOf(service, 'endpoints', 'streamable_http')),
  ]);
  return renderRows(['NAME', 'VERSION', 'STATE', 'HEALTH', 'PROOF', 'URL'], rows, 'No services.');
}

/** A line per tool: its name, what it takes (`?` = may be left out) and what it does. */
export function renderTools({ items }: JsonObject): string {
  const rows = objectsIn(items).map((tool) => [
    text(tool['name']),
    argumentsOf(tool['inputSchema']),
    shortText(tool['description'], 72),
  ]);
  return renderRows(['TOOL', 'ARGUMENTS', 'DESCRIPTION'], rows, 'No tools.');
}

function argumentsOf(schema: unknown): string {
  const properties = isJsonObject(schema) ? schema['properties'] : undefined;
  if (!isJsonObject(schema) || !isJsonObject(properties)) return '-';
  const required = Array.isArray(schema['required']) ? schema['required'] : [];
  const names = Object.keys(properties).map((name) =>
    required.includes(name) ? text(name) : `${text(name)}?`,
  );
  return names.length === 0 ? '-' : names.join(', ');
}

/** The effective configuration, one value a line; with the layer it came from when the answer explains it. */
export function renderConfig({ config, extends: base, provenance }: JsonObject): string {
  const layers = isJsonObject(provenance) ? provenance : null;
  const rows = leavesOf(config, '').map(([pointer, value]) => [
    pointer,
    shortText(value, 60),
    ...(layers === null ? [] : [text(layers[pointer])]),
  ]);
  const head = ['FIELD', 'VALUE', ...(layers === null ? [] : ['FROM'])];
  return [`extends ${text(base)}`, renderTable([head, ...rows])].join('\n');
}

function leavesOf(value: JsonValue | undefined, pointer: string): [string, JsonValue][] {
  if (!isJsonObject(value) || Object.keys(value).length === 0) return [[pointer, value ?? null]];
  return Object.entries(value).flatMap(([name, member]) =>
    leavesOf(member, pointerTo(pointer, name)),
  );
}

/** What one needs to know of a service at a glance. */
export function renderService(service: JsonObject): string {
  const tools = service['tools'];
  const names = (Array.isArray(tools) ? tools : []).map((tool) =>
    text(memberOf({ tool }, 'tool', 'name')),
  );
  const facts: [string, string][] = [
    ['name', text(service['name'])],
    ['id', text(service['service_id'])],
    ['version', `${text(service['version'])} (revision ${text(service['revision'])})`],
    ['state', text(service['state'])],
    ['health', join(memberOf(service, 'health', 'level'), memberOf(service, 'health', 'summary'))],
    ['proof', proofOf(service)],
    ['url', text(memberOf(service, 'endpoints', 'streamable_http'))],
    ['tools', names.length === 0 ? '-' : names.join(', ')],
  ];
  const action = memberOf(service, 'health', 'action');
  if (typeof action === 'string') facts.push(['do next', action]);
  return renderTable(facts);
}

/** What came of a registration, a deletion and the like. */
export function renderOutcome(answer: JsonObject): string {
  const { items } = answer;
  if (Array.isArray(items)) {
    return [...items.filter(isJsonObject).map(renderItem), ...warningsOf(answer)].join('\n');
  }
  const head = `${text(answer['name'])}: ${endOf(answer)}`;
  const body = answer['state'] === undefined ? [] : [renderService(answer)];
  return [head, ...body, ...conflictsOf(answer), ...warningsOf(answer)].join('\n');
}

/** How a change ended; of a dry run what it would do. */
function endOf({ outcome, would, plan }: JsonObject): string {
  const planned = isJsonObject(plan) ? plan['would'] : would;
  if (outcome !== 'planned' || typeof planned !== 'string') return text(outcome);
  return planned === 'nothing' ? 'nothing would change' : `would ${text(planned)}`;
}

/** What stands against a planned change. */
function conflictsOf({ conflicts }: JsonObject): string[] {
  return objectsIn(conflicts).map(
    ({ detail, code }) => `Conflict: ${text(detail)} (${text(code)})`,
  );
}

/** A problem document (RFC 9457) for people: what, where, and what to do. */
export function renderProblem(status: number, problem: JsonObject | null): string {
  if (problem === null) return `Refused with status ${String(status)}.`;
  const { title, detail, code, action, errors, stderr, items } = problem;
  const lines = [`${text(title)} (${text(code)}, ${String(status)})`];
  if (typeof detail === 'string' && detail !== title) lines.push(detail);
  for (const error of objectsIn(errors)) {
    lines.push(`  ${whereOf(error)}${text(error['detail'])}`);
  }
  for (const item of objectsIn(items)) lines.push(`  ${renderItem(item)}`);
  for (const line of Array.isArray(stderr) ? stderr : []) lines.push(`  | ${text(line)}`);
  const { similar } = problem;
  if (Array.isArray(similar) && similar.length > 0) {
    lines.push(`Similar: ${similar.map(text).join(', ')}`);
  }
  if (typeof action === 'string') lines.push(`Next: ${action}`);
  return lines.join('\n');
}

/** The empty pointer names the whole document; there is nothing to say of it. */
function whereOf({ pointer }: JsonObject): string {
  return pointer === undefined || pointer === '' ? '' : `${text(pointer)}: `;
}

/** The text of a tool's result, as a terminal can show it; other content as JSON. */
export function renderToolResult(answer: JsonObject): string {
  const result = isJsonObject(answer['result']) ? answer['result'] : answer;
  const { content } = result;
  if (!Array.isArray(content)) return JSON.stringify(result, null, 2);
  return content
    .map((part) =>
      isJsonObject(part) && part['type'] === 'text' ? text(part['text']) : JSON.stringify(part),
    )
    .join('\n');
}

function renderItem(item: JsonObject): string {
  const problem = item['problem'];
  if (isJsonObject(problem)) {
    return `${text(item['name'])}: ${text(problem['detail'])} (${text(problem['code'])})`;
  }
  const url = isJsonObject(item['service'])
    ? memberOf(item['service'], 'endpoints', 'streamable_http')
    : undefined;
  const head = `${text(item['name'])}: ${join(endOf(item), url)}`;
  const plan = isJsonObject(item['plan']) ? item['plan'] : {};
  return [head, ...conflictsOf(plan).map((line) => `  ${line}`)].join('\n');
}

function warningsOf(answer: JsonObject): string[] {
  const { warnings } = answer;
  return (Array.isArray(warnings) ? warnings : []).map((warning) => `Warning: ${text(warning)}`);
}

function proofOf({ proof }: JsonObject): string {
  if (!isJsonObject(proof)) return '-';
  const { level, tool, duration_ms, reason, action } = proof;
  if (level !== 'executed') return join(level, reason, action);
  return `${text(tool)} ran in ${String(Math.round(Number(duration_ms)))} ms`;
}
