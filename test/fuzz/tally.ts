import fc from 'fast-check';
import type { Claim } from './scan-properties.js';

/** Tries every claim on its share of `cases`; answers what failed, each with how to see it again. */
export async function tryClaims(
  claims: readonly Claim[],
  cases: number,
  seed: number,
  say: (line: string) => void,
): Promise<string[]> {
  const weights = claims.reduce((sum, claim) => sum + claim.weight, 0);
  const failures: string[] = [];
  for (const { name, weight, property } of claims) {
    const numRuns = Math.max(1, Math.round((cases * weight) / weights));
    const startedMs = performance.now();
    const details = await fc.check(property as fc.IRawProperty<unknown>, { seed, numRuns });
    say(
      `${details.failed ? 'FAILED' : 'ok'}  ${numRuns} cases  ${Math.round(performance.now() - startedMs)} ms  ${name}`,
    );
    if (details.failed) {
      failures.push(
        `${name} (seed ${seed}, path ${String(details.counterexamplePath)})\n${shown(details)}`,
      );
    }
  }
  return failures;
}

function shown(details: fc.RunDetails<unknown>): string {
  const example = JSON.stringify(details.counterexample, (_key, value: unknown) =>
    isBytes(value) ? Buffer.from(value.data).toString('latin1') : value,
  );
  return `${example}\n${String((details as { errorInstance?: unknown }).errorInstance)}`;
}

function isBytes(value: unknown): value is { data: number[] } {
  return typeof value === 'object' && value !== null && 'type' in value && value.type === 'Buffer';
}
