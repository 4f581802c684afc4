/**
 * How the command ended, for scripts; listed in docs/guides/cli.md. `unwell`: the command did its work, and what it looked
 * at is not in order.
 */
export const EXIT = { done: 0, refused: 1, usage: 2, unreachable: 3, unwell: 4 } as const;
export type ExitCode = (typeof EXIT)[keyof typeof EXIT];

/** Ends the command with a message on stderr. `document` is what `--json` prints. */
export class CommandFailure extends Error {
  constructor(
    readonly exitCode: ExitCode,
    message: string,
    readonly document: object | null = null,
  ) {
    super(message);
    this.name = 'CommandFailure';
  }
}
