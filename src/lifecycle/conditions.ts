import type { Condition, ConditionType } from './service-status.js';

/** A condition as it is set; `since` is kept by `withCondition`. */
export type ConditionChange = Omit<Condition, 'since'>;

/**
 * `conditions` with one of them set. Invariant: `since` is the time of the last change of status or reason; a new wording
 * of the message alone does not move it. Answers the same array when nothing changed.
 */
export function withCondition(
  conditions: readonly Condition[],
  change: ConditionChange,
  at: string,
): readonly Condition[] {
  const before = conditionOf(conditions, change.type);
  if (before === undefined) return [...conditions, { ...change, since: at }];
  const same = before.status === change.status && before.reason === change.reason;
  if (same && before.message === change.message) return conditions;
  const after: Condition = { ...change, since: same ? before.since : at };
  return conditions.map((condition) => (condition.type === change.type ? after : condition));
}

export function withConditions(
  conditions: readonly Condition[],
  changes: readonly ConditionChange[],
  at: string,
): readonly Condition[] {
  return changes.reduce((all, change) => withCondition(all, change, at), conditions);
}

/** `conditions` without some types; the same array when none of them was there. */
export function withoutConditions(
  conditions: readonly Condition[],
  types: readonly ConditionType[],
): readonly Condition[] {
  const left = conditions.filter((condition) => !types.includes(condition.type));
  return left.length === conditions.length ? conditions : left;
}

export function conditionOf(
  conditions: readonly Condition[],
  type: ConditionType,
): Condition | undefined {
  return conditions.find((condition) => condition.type === type);
}
