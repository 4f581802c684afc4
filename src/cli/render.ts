import { isJsonObject, type JsonObject, type JsonValue } from '../kernel/json.js';

/** Columns of equal width, two spaces apart; the first row is the head. */
export function renderTable(rows: readonly (readonly string[])[]): string {
  const widths = (rows[0] ?? []).map((_cell, column) =>
    Math.max(...rows.map((row) => row[column]?.length ?? 0)),
  );
  return rows
    .map((row) =>
      row
        .map((cell, column) => cell.padEnd(widths[column] ?? 0))
        .join('  ')
        .trimEnd(),
    )
    .join('\n');
}

export function renderList({ items }: JsonObject): string {
  const services = (Array.isArray(items) ? items : []).filter(isJsonObject);
  if (services.length === 0) return 'No services.';
  const rows = services.map((service) => [
    text(service['name']),
    text(service['version']),
    text(service['state']),
    text(memberOf(service, 'health', 'level')),
    text(memberOf(service, 'proof', 'level')),
    text(memberOf(service, 'endpoints', 'streamable_http')),
  ]);
  return renderTable([['NAME', 'VERSION', 'STATE', 'HEALTH', 'PROOF', 'URL'], ...rows]);
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
  const head = `${text(answer['name'])}: ${text(answer['outcome'])}`;
  const body = answer['state'] === undefined ? [] : [renderService(answer)];
  return [head, ...body, ...warningsOf(answer)].join('\n');
}

/** A problem document (RFC 9457) for people: what, where, and what to do. */
export function renderProblem(status: number, problem: JsonObject | null): string {
  if (problem === null) return `Refused with status ${String(status)}.`;
  const { title, detail, code, action, errors, stderr, items } = problem;
  const lines = [`${text(title)} (${text(code)}, ${String(status)})`];
  if (typeof detail === 'string' && detail !== title) lines.push(detail);
  for (const error of Array.isArray(errors) ? errors : []) {
    if (isJsonObject(error)) lines.push(`  ${whereOf(error)}${text(error['detail'])}`);
  }
  for (const item of Array.isArray(items) ? items : []) {
    if (isJsonObject(item)) lines.push(`  ${renderItem(item)}`);
  }
  for (const line of Array.isArray(stderr) ? stderr : []) lines.push(`  | ${text(line)}`);
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
  return `${text(item['name'])}: ${join(item['outcome'], url)}`;
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

function join(...values: (JsonValue | undefined)[]): string {
  const given = values.filter((value) => value !== null && value !== undefined && value !== '');
  return given.length === 0 ? '-' : given.map(text).join(' · ');
}

function memberOf(object: JsonObject, outer: string, inner: string): JsonValue | undefined {
  const member = object[outer];
  return isJsonObject(member) ? member[inner] : undefined;
}

/** Control characters of foreign text never reach the terminal, but for line ends and tabs. */
function text(value: JsonValue | undefined): string {
  if (value === null || value === undefined) return '-';
  const plain = typeof value === 'string' ? value : JSON.stringify(value);
  return plain.replaceAll(/[\u0000-\u0008\u000b-\u001f\u007f-\u009f]/g, '');
}
