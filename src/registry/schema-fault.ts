import type { Place } from './schema-source.js';

/** Why not every value of one schema is a value of another. */
export interface SchemaFault {
  /** JSON pointer of the keyword that refuses. */
  readonly pointer: string;
  /** `false`: it may be that every value is accepted after all; it cannot be told. */
  readonly isCertain: boolean;
  /** For those who send such values. */
  readonly toSenders: string;
  /** For those who read such values. */
  readonly toReaders: string;
}

export function fault(
  place: Place,
  keyword: string | null,
  toSenders: string,
  toReaders: string,
): SchemaFault {
  const pointer = keyword === null ? place.at : `${place.at}/${keyword}`;
  return { pointer, isCertain: true, toSenders, toReaders };
}

export function undecided(place: Place, keyword: string | null, why: string): SchemaFault {
  const told = `it cannot be told whether this still holds: ${why}`;
  return { ...fault(place, keyword, told, told), isCertain: false };
}

/** The first of equal faults. */
export function withoutRepeats(faults: readonly SchemaFault[]): SchemaFault[] {
  const seen = new Set<string>();
  return faults.filter(({ pointer, toSenders }) => {
    const key = `${pointer} ${toSenders}`;
    return !seen.has(key) && seen.add(key) !== undefined;
  });
}

const MAX_SHOWN_CHARS = 60;

/** A foreign value or name as it is shown. */
export function shown(value: unknown): string {
  const text = JSON.stringify(value) ?? 'null';
  return text.length > MAX_SHOWN_CHARS ? `${text.slice(0, MAX_SHOWN_CHARS)}…` : text;
}

const MAX_LISTED = 5;

export function listed(values: readonly unknown[]): string {
  const first = values.slice(0, MAX_LISTED).map(shown).join(', ');
  const more = values.length - MAX_LISTED;
  return more > 0 ? `${first} and ${String(more)} more` : first;
}
