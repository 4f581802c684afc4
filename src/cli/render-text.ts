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

/** A table with a head, or one sentence when there is nothing to show. */
export function renderRows(
  head: readonly string[],
  rows: readonly (readonly string[])[],
  nothing: string,
): string {
  return rows.length === 0 ? nothing : renderTable([head, ...rows]);
}

/** What is known of several values, the rest left out; `-` when nothing is. */
export function join(...values: (JsonValue | undefined)[]): string {
  const given = values.filter((value) => value !== null && value !== undefined && value !== '');
  return given.length === 0 ? '-' : given.map(text).join(' · ');
}

export function memberOf(object: JsonObject, outer: string, inner: string): JsonValue | undefined {
  const member = object[outer];
  return isJsonObject(member) ? member[inner] : undefined;
}

/** The objects of a list that an answer holds; none when it holds no list. */
export function objectsIn(value: JsonValue | undefined): JsonObject[] {
  return Array.isArray(value) ? value.filter(isJsonObject) : [];
}

/** Control characters of foreign text never reach the terminal, but for line ends and tabs. */
export function text(value: JsonValue | undefined): string {
  if (value === null || value === undefined) return '-';
  const plain = typeof value === 'string' ? value : JSON.stringify(value);
  return plain.replaceAll(/[\u0000-\u0008\u000b-\u001f\u007f-\u009f]/g, '');
}

/** As `text`, and on one line of at most `max` characters. */
export function shortText(value: JsonValue | undefined, max: number): string {
  const line = text(value).replaceAll(/\s+/g, ' ');
  return line.length <= max ? line : `${line.slice(0, max - 1)}…`;
}

/** `2026-11-22 22:50:01`: a time stamp for people, in UTC. */
export function shownTime(value: JsonValue | undefined): string {
  return typeof value === 'string' ? text(value).slice(0, 19).replace('T', ' ') : '-';
}
