import type { JsonObject } from '../kernel/json.js';
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

function warnings(plan: JsonObject): string[] {
  const given = plan['warnings'];
  return (Array.isArray(given) ? given : []).map((warning) => `Warning: ${text(warning)}`);
}
