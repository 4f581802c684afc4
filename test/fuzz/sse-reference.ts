export interface ReferenceEvent {
  event: string;
  data: string;
  id?: string;
  retry?: number;
}

/**
 * The event stream algorithm of WHATWG HTML 9.2.6 on a whole text, as plainly as can be. Unlike a browser an event is told
 * also when it has no data but an id or a retry time, and its id is its own only.
 */
export function eventsOf(stream: string): ReferenceEvent[] {
  const events: ReferenceEvent[] = [];
  const text = stream.startsWith('\ufeff') ? stream.slice(1) : stream;
  const lines = text.split(/\r\n|\n|\r/);
  lines.pop();
  let data: string[] = [];
  let event = '';
  let id: string | undefined;
  let retry: number | undefined;
  let saw = false;
  for (const line of lines) {
    if (line === '') {
      if (saw)
        events.push({ event: event === '' ? 'message' : event, data: data.join('\n'), id, retry });
      data = [];
      event = '';
      id = retry = undefined;
      saw = false;
      continue;
    }
    const colon = line.indexOf(':');
    const name = colon < 0 ? line : line.slice(0, colon);
    const rest = colon < 0 ? '' : line.slice(colon + 1);
    const value = rest.startsWith(' ') ? rest.slice(1) : rest;
    if (name === 'data') data.push(value);
    else if (name === 'event') event = value;
    else if (name === 'id' && !value.includes('\0')) id = value;
    else if (name === 'retry' && /^\d{1,15}$/.test(value)) retry = Number(value);
    else continue;
    saw ||= name !== 'event';
  }
  return events;
}
