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

/** A template as it was saved, or as a dry run would save it; `affected`: who uses it, and is not moved by that. */
export function renderSaved(answer: JsonObject): string {
  const { template, would, affected } = answer;
  const planned = isJsonObject(template)
    ? {
        ...template,
        outcome: would === 'nothing' ? 'nothing would change' : `would ${text(would)}`,
      }
    : answer;
  const users = objectsIn(affected).map(({ name }) => text(name));
  const told =
    users.length === 0 ? [] : [`Used by ${users.join(', ')}; "template rollout" moves them.`];
  const conflicts = objectsIn(answer['conflicts']).map(({ detail }) => `Conflict: ${text(detail)}`);
  return [renderTemplate(planned), ...conflicts, ...told].join('\n');
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
