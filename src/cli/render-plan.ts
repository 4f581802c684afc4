import { isJsonObject, type JsonObject } from '../kernel/json.js';
import { objectsIn, renderRows, shortText, text } from './render-text.js';

const CHARS = 80;

/** What an import or a restore would do, or has done, item by item. */
export function renderPlan(plan: JsonObject): string {
  const rows = objectsIn(plan['items']).map((item) => [
    text(item['kind']),
    text(item['name']),
    text(item['outcome'] ?? item['action']),
    shortText(item['reason'] ?? item['detail'], CHARS),
  ]);
  const hash = plan['plan_hash'];
  return [
    renderRows(['KIND', 'NAME', 'ACTION', 'REASON'], rows, 'Nothing to do.'),
    ...objectsIn(plan['conflicts']).map((one) => `Conflict: ${text(one['detail'])}`),
    ...warnings(plan),
    ...(typeof hash === 'string' && plan['outcome'] === 'planned' ? [`plan ${text(hash)}`] : []),
  ].join('\n');
}

/** What came of it: the templates and services that were changed, and why one of them does not serve. */
export function renderResults(answer: JsonObject): string {
  const templates = objectsIn(answer['templates']).map((one) => [
    'template',
    text(one['renamed_to'] ?? one['name']),
    text(one['action'] ?? one['outcome']),
    '-',
  ]);
  const services = objectsIn(answer['services']).map((one) => [
    'service',
    text(one['name']),
    text(one['outcome']),
    isJsonObject(one['problem']) ? shortText(one['problem']['detail'], CHARS) : '-',
  ]);
  const head = ['KIND', 'NAME', 'OUTCOME', 'DETAIL'];
  const rows = renderRows(head, [...templates, ...services], 'Nothing had to change.');
  return [rows, ...warnings(answer)].join('\n');
}

/** The services that were stored and do not serve. */
export function failedServices(answer: JsonObject): readonly string[] {
  const failed = objectsIn(answer['services']).filter(({ outcome }) => outcome === 'failed');
  return failed.map(({ name }) => text(name));
}

function warnings(plan: JsonObject): string[] {
  const given = plan['warnings'];
  return (Array.isArray(given) ? given : []).map((warning) => `Warning: ${text(warning)}`);
}
