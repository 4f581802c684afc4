import { equalJson } from '../kernel/json.js';
import type { DesiredState, ServiceDocument, ServiceSpec } from '../registry/service.js';
import type { BundleService } from './bundle.js';
import type { ConflictPolicy, PlanAction } from './import-plan.js';

/** What is here already in the place of a service of the bundle. */
export interface Counterpart {
  readonly service: ServiceDocument;
  readonly by: 'service_id' | 'name';
  readonly isSame: boolean;
}

export interface Decision {
  readonly action: Exclude<PlanAction, 'delete'>;
  readonly reason: string;
}

/** What becomes of a service of the bundle, before anything else is judged. */
export function decide(
  counterpart: Counterpart | null,
  isArchived: boolean,
  policy: ConflictPolicy,
): Decision {
  if (counterpart === null) {
    const reason = isArchived
      ? 'It was deleted here; it comes back with its history.'
      : 'There is no such service here.';
    return { action: 'create', reason };
  }
  const { service, by, isSame } = counterpart;
  const what = by === 'name' ? 'name' : 'id';
  if (service.desired === 'archived') {
    return { action: 'conflict', reason: `The service of that ${what} is being deleted.` };
  }
  if (isSame) return { action: 'no-op', reason: 'It is here as it is.' };
  const reason = `A service of that ${what} is here and differs.`;
  switch (policy) {
    case 'fail':
      return { action: 'conflict', reason };
    case 'skip':
      return { action: 'skip', reason };
    case 'overwrite':
      return { action: 'update', reason };
    case 'rename':
      return { action: 'rename', reason };
  }
}

/** Whether a service is what the bundle says, as far as the bundle says anything. */
export function isSameService(
  current: ServiceDocument,
  wanted: BundleService,
  spec: ServiceSpec,
): boolean {
  const { former_names: names } = wanted;
  return (
    equalJson(current.spec, spec) &&
    wantedState(wanted, current) === current.desired &&
    (names === undefined || sameNames(names, current.former_names))
  );
}

/** A service that was started once is not made a draft again, nor a draft inactive: either way it is not served. */
export function wantedState(
  { desired }: Pick<BundleService, 'desired'>,
  current: Pick<ServiceDocument, 'desired'> | null,
): Exclude<DesiredState, 'archived'> {
  const stored = current === null || current.desired === 'archived' ? null : current.desired;
  if (desired === undefined) return stored ?? 'active';
  if (desired === 'active' || stored === null) return desired;
  return stored === 'active' ? 'inactive' : stored;
}

/** The former names that an update leaves: the bundle's, and the name that it takes away. */
export function formerNames(
  wanted: BundleService,
  current: ServiceDocument,
  name: string,
): readonly string[] {
  const given = wanted.former_names ?? current.former_names;
  const all = current.spec.name === name ? given : [...given, current.spec.name];
  return [...new Set(all)].filter((one) => one !== name);
}

/** `name-2`, or the first number that is free. */
export function freeName(name: string, isTaken: (name: string) => boolean): string {
  for (let number = 2; ; number += 1) {
    const suffix = `-${String(number)}`;
    const free = `${name.slice(0, 63 - suffix.length)}${suffix}`;
    if (!isTaken(free)) return free;
  }
}

function sameNames(left: readonly string[], right: readonly string[]): boolean {
  return equalJson([...new Set(left)].sort(), [...new Set(right)].sort());
}
