import { compileLinearPatterns, type LinearPattern } from '../kernel/linear-pattern.js';

/** Thrown when comparing foreign schemas takes more work than they are worth; whoever compares catches it. */
export class ComparisonTooCostly extends Error {}

const STEPS_OF_COMPILING = 50;

/** Work that comparing may take, in schemas that are looked at. Foreign schemas can ask for exponential work. */
export class ComparisonBudget {
  private used = 0;
  private readonly patterns = new Map<string, LinearPattern | null>();

  constructor(private readonly limit: number) {}

  /** What was spent, at most the limit. */
  get spent(): number {
    return Math.min(this.used, this.limit);
  }

  spend(steps: number): void {
    this.used += steps;
    if (this.used > this.limit)
      throw new ComparisonTooCostly('the comparison is not worth its work');
  }

  /** The pattern for a linear-time engine, compiled once; `null` where that engine cannot hold it. */
  pattern(text: string): LinearPattern | null {
    const known = this.patterns.get(text);
    if (known !== undefined) return known;
    this.spend(STEPS_OF_COMPILING);
    const compiled = compileLinearPatterns([text])?.get(text) ?? null;
    this.patterns.set(text, compiled);
    return compiled;
  }
}
