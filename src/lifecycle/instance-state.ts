import type { TransitionTable } from '../kernel/state-machine.js';

/** `draining`: takes no new lease and ends when its calls have. `failed`: ended without being asked to. */
export type InstanceState = 'starting' | 'ready' | 'draining' | 'stopped' | 'failed';

export const INSTANCE_TRANSITIONS: TransitionTable<InstanceState> = {
  starting: ['ready', 'draining', 'stopped', 'failed'],
  ready: ['draining', 'stopped', 'failed'],
  draining: ['stopped', 'failed'],
  stopped: [],
  failed: ['stopped'],
};

/** Whether a process (or connection) may still exist. */
export function isLive(state: InstanceState): boolean {
  return state === 'starting' || state === 'ready' || state === 'draining';
}
