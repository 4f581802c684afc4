import type { Acknowledgement } from './alert.js';

/** What a body of acknowledge says. `until` is in the form of RFC 3339; a time that does not exist becomes NaN. */
export function acknowledgementOf(body: {
  readonly note?: string | null;
  readonly until?: string | null;
}): Pick<Acknowledgement, 'note' | 'until_ms'> {
  const { note = null, until = null } = body;
  return { note, until_ms: until === null ? null : Date.parse(until) };
}
