import { mayBecome, type TransitionTable } from '../kernel/state-machine.js';
import type { ServiceState } from './service-status.js';

/**
 * Which state may follow which. `archived` is where the registry keeps a deleted record, not a live state; it may be
 * entered from the states of `ARCHIVABLE`.
 */
export const SERVICE_TRANSITIONS: TransitionTable<ServiceState> = {
  draft: ['validating'],
  validating: ['deploying', 'draft', 'error', 'deactivating'],
  deploying: ['active', 'error', 'deactivating'],
  active: ['updating', 'deactivating', 'error'],
  updating: ['active', 'error', 'deactivating'],
  deactivating: ['inactive'],
  inactive: ['validating'],
  error: ['validating', 'deploying', 'deactivating'],
};

const ARCHIVABLE: readonly ServiceState[] = ['draft', 'inactive', 'error'];

export function mayMove(from: ServiceState, to: ServiceState): boolean {
  return mayBecome(SERVICE_TRANSITIONS, from, to);
}

export function mayBeArchived(state: ServiceState): boolean {
  return ARCHIVABLE.includes(state);
}

/** What a refusal names: the states that may follow `state`, `archived` included. */
export function allowedMoves(state: ServiceState): readonly string[] {
  return mayBeArchived(state)
    ? [...SERVICE_TRANSITIONS[state], 'archived']
    : SERVICE_TRANSITIONS[state];
}

/** Whether the state is on its way to another one by itself. */
export function isTransient(state: ServiceState): boolean {
  return ['validating', 'deploying', 'updating', 'deactivating'].includes(state);
}

/**
 * What boot does with a service found in a state. `mount`: served at once from what is stored, proven later. `fall-back`:
 * the candidate is given up and the stable revision mounted. `run-again`: from the start of that state. `continue`: what
 * was stopping goes on stopping. `heal`: tried again when its failure allows. `rest`: nothing.
 */
export type BootStep = 'mount' | 'fall-back' | 'run-again' | 'continue' | 'heal' | 'rest';

export function bootStep(state: ServiceState): BootStep {
  switch (state) {
    case 'active':
      return 'mount';
    case 'updating':
      return 'fall-back';
    case 'validating':
    case 'deploying':
      return 'run-again';
    case 'deactivating':
      return 'continue';
    case 'error':
      return 'heal';
    case 'draft':
    case 'inactive':
      return 'rest';
  }
}
