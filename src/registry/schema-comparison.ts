import type { ComparisonBudget } from './schema-budget.js';
import type { SchemaFault } from './schema-fault.js';
import type { Shape } from './schema-shape.js';
import type { Place } from './schema-source.js';

/** What the parts of the comparison ask of one another. */
export interface Comparison {
  readonly budget: ComparisonBudget;
  /** Whether an object at the root that declares no members is taken to have none, instead of any. */
  readonly isRootClosed: boolean;
  /** How many levels below the root the values are that are compared at present. */
  readonly depth: number;
  /** Whether members that are not declared count as anything. */
  readonly isStrict: boolean;
  /** Why not every value of `sub` is accepted by `sup`; empty: every one is. */
  faults(sub: Shape, sup: Place): SchemaFault[];
  /** The same for values inside the present ones: members and items. */
  inside(sub: Shape, sup: Place): SchemaFault[];
  /** Whether it is so for certain, nothing taken to be absent: for what a condition depends on. */
  isSubset(sub: Shape, sup: Place): boolean;
}
