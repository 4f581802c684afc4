import { ProblemError } from './kernel/problem.js';
import { SettingsError } from './settings/settings.loader.js';
import type { Settings } from './settings/settings.js';

/** What an operator does about a system error at start, by its code. */
const NEXT: Readonly<Record<string, string>> = {
  EADDRINUSE: 'Stop the program that listens there, or set SWITCHYARD_PORT.',
  EADDRNOTAVAIL: 'Set SWITCHYARD_HOST to an address of this machine.',
  EACCES: 'Give the user of the gateway access, or choose another port or path.',
  EPERM: 'Give the user of the gateway access, or choose another port or path.',
  EROFS: 'Set SWITCHYARD_DATA_DIR to a directory that can be written.',
  ENOTDIR: 'Set SWITCHYARD_DATA_DIR to a directory.',
  ENOSPC: 'Make room on the volume of the data directory.',
  EMFILE: 'Raise the limit of open files (ulimit -n).',
};

/**
 * Why the gateway did not start, for the person who started it: what is wrong and what to do. Only what is nobody's fault
 * but ours has a stack.
 */
export function startupFailure(error: unknown, settings: Settings | null): string {
  if (error instanceof SettingsError) return error.message;
  if (error instanceof ProblemError) {
    return `Switchyard could not start: ${error.message}\nNext: ${error.definition.action}`;
  }
  if (!(error instanceof Error)) return String(error);
  const next = NEXT[(error as NodeJS.ErrnoException).code ?? ''];
  if (next === undefined) return error.stack ?? error.message;
  return `Switchyard could not start: ${reasonOf(error, settings)}\nNext: ${next}`;
}

function reasonOf(error: NodeJS.ErrnoException, settings: Settings | null): string {
  if (error.syscall !== 'listen' || settings === null) return error.message;
  return `port ${String(settings.port)} of ${settings.host} cannot be used (${error.code ?? error.message}).`;
}
