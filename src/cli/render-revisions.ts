import { isJsonObject, type JsonObject } from '../kernel/json.js';
import { objectsIn, renderRows, renderTable, shortText, shownTime, text } from './render-text.js';

const VALUE_CHARS = 60;

/** Newest first, as the answer has them. */
export function renderRevisions({ items }: JsonObject): string {
  const rows = objectsIn(items).map((one) => [
    text(one['revision']),
    text(one['outcome']) + (one['pinned'] === true ? ', pinned' : ''),
    text(one['version']),
    shownTime(one['created_at']),
    text(one['actor']),
    shortText(one['reason'], VALUE_CHARS),
  ]);
  const head = ['REVISION', 'OUTCOME', 'VERSION', 'CREATED (UTC)', 'BY', 'REASON'];
  return renderRows(head, rows, 'No revisions.');
}

/** What differs between two revisions: values first, then what it means for callers of the tools. */
export function renderDiff({ from, to, changes, contract }: JsonObject): string {
  const steps = objectsIn(changes).map((step) => [
    SIGNS[text(step['op'])] ?? '?',
    text(step['path']),
    step['op'] === 'add' ? '' : shortText(step['from'], VALUE_CHARS),
    step['op'] === 'remove' ? '' : `-> ${shortText(step['value'], VALUE_CHARS)}`,
  ]);
  const lines = [
    `revision ${text(from)} -> ${text(to)}`,
    steps.length === 0 ? 'Nothing differs.' : renderTable(steps),
  ];
  if (isJsonObject(contract)) lines.push('', ...contractLines(contract));
  return lines.join('\n');
}

const SIGNS: Readonly<Record<string, string>> = { add: '+', remove: '-', replace: '~' };

function contractLines({ verdict, tools }: JsonObject): string[] {
  const lines = [`The tools' contract: ${text(verdict)}.`];
  for (const tool of objectsIn(tools)) {
    if (tool['change'] === 'unchanged') continue;
    lines.push(`  ${text(tool['tool'])}: ${text(tool['change'])}, ${text(tool['verdict'])}`);
    for (const reason of objectsIn(tool['reasons'])) {
      lines.push(`    ${text(reason['pointer'])} ${text(reason['detail'])}`);
    }
  }
  return lines;
}
