import { isJsonObject, type JsonObject } from '../kernel/json.js';
import {
  join,
  objectsIn,
  renderRows,
  renderTable,
  shortText,
  shownTime,
  text,
} from './render-text.js';

const EVIDENCE_CHARS = 100;

/** The verdict, what to do next, and a line per check with its evidence. */
export function renderHealth(health: JsonObject): string {
  const facts = [
    [`${text(health['name'])} is ${text(health['level'])}`, join(health['reason'])],
    ['', text(health['summary'])],
  ];
  if (health['action'] !== null) facts.push(['do next', text(health['action'])]);
  const checks = objectsIn(health['checks']).map((check) => {
    const last = isJsonObject(check['last']) ? check['last'] : {};
    return [
      text(check['name']),
      text(check['status']),
      shownTime(last['at']),
      last['duration_ms'] === undefined ? '-' : `${text(last['duration_ms'])} ms`,
      shortText(last['evidence'], EVIDENCE_CHARS),
    ];
  });
  const head = ['CHECK', 'STATUS', 'LAST RUN (UTC)', 'TOOK', 'EVIDENCE'];
  return [renderTable(facts), '', renderRows(head, checks, 'No checks.')].join('\n');
}

/** Changes of level and past results, newest first. */
export function renderHistory({ transitions, results }: JsonObject): string {
  const changes = objectsIn(transitions).map((one) => [
    shownTime(one['at']),
    `${text(one['from'])} -> ${text(one['to'])}`,
    text(one['reason']),
    shortText(one['summary'], EVIDENCE_CHARS),
  ]);
  const past = objectsIn(results).map((one) => [
    shownTime(one['at']),
    text(one['check']),
    text(one['result']),
    `${text(one['duration_ms'])} ms`,
    shortText(one['evidence'], EVIDENCE_CHARS),
  ]);
  return [
    renderRows(['AT (UTC)', 'CHANGE', 'REASON', 'SUMMARY'], changes, 'Its level never changed.'),
    '',
    renderRows(['AT (UTC)', 'CHECK', 'RESULT', 'TOOK', 'EVIDENCE'], past, 'No results yet.'),
  ].join('\n');
}
