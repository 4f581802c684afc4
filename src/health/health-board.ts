import type { ServiceConfig } from '../config/service-config.js';
import { plannedChecks, type PlannedCheck } from './check-plan.js';
import { advance, PENDING, type CheckState, type ProbeOutcome } from './check-state.js';

/** What is known of one service's checks. In memory only: after a start of the gateway it has to be shown anew. */
export class ServiceBoard {
  private readonly states = new Map<string, CheckState>();
  readonly checks: readonly PlannedCheck[];

  constructor(
    readonly revision: number,
    config: ServiceConfig,
  ) {
    this.checks = plannedChecks(config);
  }

  find(key: string): PlannedCheck | undefined {
    return this.checks.find((check) => check.key === key);
  }

  stateOf(key: string): CheckState {
    return this.states.get(key) ?? PENDING;
  }

  /** Answers whether the check has come to fail by it. */
  note(check: PlannedCheck, outcome: ProbeOutcome): boolean {
    const before = this.stateOf(check.key);
    const after = advance(before, outcome, check.config);
    this.states.set(check.key, after);
    return after.status === 'failing' && before.status !== 'failing';
  }

  /** What was seen before counts no more: the revision was proven anew. */
  clear(): void {
    this.states.clear();
  }
}

/** The boards of all services, and which revisions were proven since the gateway started. */
export class HealthBoards {
  private readonly boards = new Map<string, ServiceBoard>();
  private readonly provenRevisions = new Map<string, Set<number>>();

  get(id: string): ServiceBoard | undefined {
    return this.boards.get(id);
  }

  /** The board of this revision; one of another revision gives way to it. */
  of(id: string, revision: number, config: ServiceConfig): ServiceBoard {
    const present = this.boards.get(id);
    if (present?.revision === revision) return present;
    const board = new ServiceBoard(revision, config);
    this.boards.set(id, board);
    this.forgetBefore(id, revision);
    return board;
  }

  markProven(id: string, revision: number): void {
    this.provenRevisions.set(id, (this.provenRevisions.get(id) ?? new Set()).add(revision));
    const board = this.boards.get(id);
    if (board?.revision === revision) board.clear();
  }

  isProven(id: string, revision: number): boolean {
    return this.provenRevisions.get(id)?.has(revision) ?? false;
  }

  remove(id: string): void {
    this.boards.delete(id);
    this.provenRevisions.delete(id);
  }

  get size(): number {
    return this.boards.size;
  }

  private forgetBefore(id: string, revision: number): void {
    const proven = this.provenRevisions.get(id);
    for (const older of proven ?? []) if (older < revision) proven?.delete(older);
  }
}
