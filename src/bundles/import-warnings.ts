import { scanReferences } from '../config/secret-reference.js';
import { isJsonObject } from '../kernel/json.js';
import type { ImportPorts } from './import-ports.js';
import type { PlannedService } from './import-services.js';

const MAX_TOLD = 100;

/** What the services of an import will miss here, in sentences: other services and secrets. Neither is a refusal. */
export async function lacksOf(
  services: readonly PlannedService[],
  ports: Pick<ImportPorts, 'registry' | 'missingSecret'>,
): Promise<readonly string[]> {
  const coming = new Set(
    services.flatMap(({ prepared, change }) =>
      prepared === null ? [] : [prepared.spec.name, change?.service_id ?? ''],
    ),
  );
  const lacks = new Set<string>();
  const secrets = new Map<string, string[]>();
  for (const { prepared } of services) {
    if (prepared === null) continue;
    const { name } = prepared.spec;
    for (const { service } of prepared.effective.integration.dependencies) {
      const isHere = coming.has(service) || ports.registry.find(service) !== undefined;
      if (!isHere)
        lacks.add(`"${name}" needs "${service}", which is neither here nor in the bundle.`);
    }
    for (const reference of referencesIn(prepared.spec.config)) {
      secrets.set(reference, [...(secrets.get(reference) ?? []), name]);
    }
  }
  for (const [reference, users] of secrets) {
    if (lacks.size >= MAX_TOLD) break;
    if ((await ports.missingSecret(reference)) === null) continue;
    lacks.add(`${reference} does not exist here; needed by ${users.slice(0, 5).join(', ')}.`);
  }
  return [...lacks].slice(0, MAX_TOLD);
}

function referencesIn(config: unknown): ReadonlySet<string> {
  const found = new Set<string>();
  const open: unknown[] = [config];
  for (let next = open.pop(); next !== undefined; next = open.pop()) {
    if (typeof next === 'string') {
      for (const { text } of scanReferences(next).references) found.add(text);
    } else if (Array.isArray(next)) {
      for (const item of next) open.push(item ?? null);
    } else if (isJsonObject(next)) {
      for (const member of Object.values(next)) open.push(member);
    }
  }
  return found;
}
