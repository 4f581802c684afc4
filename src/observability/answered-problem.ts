import type { ServerResponse } from 'node:http';

const codes = new WeakMap<ServerResponse, string>();

/** Remembers which problem a response answers, for those who look at it when it is over. */
export function noteProblem(response: ServerResponse, code: string): void {
  codes.set(response, code);
}

/** The code of the problem that was answered, or `null`. */
export function answeredProblem(response: ServerResponse): string | null {
  return codes.get(response) ?? null;
}
