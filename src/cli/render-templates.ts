import { isJsonObject, type JsonObject } from '../kernel/json.js';
import { join, objectsIn, renderRows, renderTable, shortText, text } from './render-text.js';

const CHARS = 60;

export function renderTemplates({ items }: JsonObject): string {
  const rows = objectsIn(items).map((one) => [
    text(one['reference']),
    one['built_in'] === true ? 'built-in' : 'own',
    text(one['extends']),
    shortText(one['title'], CHARS),
  ]);
  return renderRows(['TEMPLATE', 'FROM', 'EXTENDS', 'TITLE'], rows, 'No templates.');
}

export function renderTemplate(template: JsonObject): string {
  const facts = [
    ['template', join(template['reference'], template['outcome'])],
    ['title', text(template['title'])],
    ['extends', text(template['extends'])],
  ];
  const config = JSON.stringify(template['config'] ?? {}, null, 2);
  return `${renderTable(facts)}\n${text(config)}`;
}

/** The services that use a template, and whether its newest revision would change them. */
export function renderAffected({ items }: JsonObject): string {
  const rows = objectsIn(items).map((one) => [
    text(one['name']),
    text(one['pinned']),
    changeOf(one),
    text(one['via']),
  ]);
  return renderRows(['SERVICE', 'PINNED', 'NEWEST', 'VIA'], rows, 'No service uses it.');
}

function changeOf({ would_change: changes, problem }: JsonObject): string {
  if (isJsonObject(problem)) return `refused: ${shortText(problem['detail'], CHARS)}`;
  if (changes === null || changes === undefined) return 'not moved';
  return changes === true ? 'would change' : 'stays as it is';
}

export function renderRollout(rollout: JsonObject): string {
  const rows = objectsIn(rollout['services']).map((one) => [
    text(one['name']),
    text(one['state']),
    shortText(isJsonObject(one['problem']) ? one['problem']['detail'] : one['note'], CHARS),
  ]);
  const head = `rollout ${text(rollout['rollout_id'])} to ${text(rollout['reference'])}: ${text(rollout['state'])}`;
  return [head, renderRows(['SERVICE', 'STATE', 'DETAIL'], rows, 'No service to move.')].join('\n');
}
