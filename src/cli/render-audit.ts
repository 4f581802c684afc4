import type { JsonObject } from '../kernel/json.js';
import { objectsIn, renderRows, renderTable, shortText, shownTime, text } from './render-text.js';

const CHARS = 48;

export function renderAudit({ items }: JsonObject): string {
  const rows = objectsIn(items).map((one) => [
    shownTime(one['at']),
    text(one['outcome']),
    text(one['actor']),
    text(one['source']),
    text(one['verb']),
    shortText(one['subject'], CHARS),
    shortText(one['reason'] ?? one['code'], CHARS),
  ]);
  const head = ['AT (UTC)', 'OUTCOME', 'ACTOR', 'SOURCE', 'VERB', 'SUBJECT', 'REASON'];
  return renderRows(head, rows, 'No entries.');
}

/** Whether the chains hold, and where the first one breaks. */
export function renderChain(answer: JsonObject): string {
  const rows = Object.entries(answer).map(([name, value]) => [text(name), text(value)]);
  return renderTable(rows);
}
