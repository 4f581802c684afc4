import type { FieldError } from '../kernel/problem.js';

const MAX_SIMILAR = 5;

/** The validator's `<pointer>: <message>` as it is shown. */
export function fieldErrors(violations: readonly string[]): FieldError[] {
  return violations.map((violation) => {
    const at = violation.indexOf(': ');
    if (at < 0) return { pointer: '', detail: violation };
    return { pointer: violation.slice(0, at), detail: violation.slice(at + 2) };
  });
}

/** The names nearest to `wanted`, nearest first: small edit distance, or one within the other. */
export function similarNames(wanted: string, names: readonly string[]): string[] {
  const target = wanted.toLowerCase().slice(0, 128);
  const limit = Math.max(2, Math.floor(target.length / 3));
  const near: { name: string; distance: number }[] = [];
  for (const name of names) {
    const other = name.toLowerCase().slice(0, 128);
    const within = target !== '' && (other.includes(target) || target.includes(other));
    const distance = within ? 0 : editDistance(target, other, limit);
    if (distance <= limit) near.push({ name, distance });
  }
  near.sort((left, right) => left.distance - right.distance);
  return near.slice(0, MAX_SIMILAR).map(({ name }) => name);
}

/** Levenshtein distance, row by row; anything beyond `limit` is `limit + 1`. */
function editDistance(left: string, right: string, limit: number): number {
  if (Math.abs(left.length - right.length) > limit) return limit + 1;
  let row = Array.from({ length: right.length + 1 }, (_, index) => index);
  for (let i = 1; i <= left.length; i += 1) {
    const next = [i];
    for (let j = 1; j <= right.length; j += 1) {
      const cost = left[i - 1] === right[j - 1] ? 0 : 1;
      const above = row[j] ?? 0;
      next.push(Math.min(above + 1, (next[j - 1] ?? 0) + 1, (row[j - 1] ?? 0) + cost));
    }
    row = next;
  }
  return row[right.length] ?? limit + 1;
}
