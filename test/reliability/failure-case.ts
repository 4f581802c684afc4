import type { GatewayProcess } from '../support/gateway-process.js';
import type { FailurePlace } from './failure-place.js';

export type Level = 'healthy' | 'degraded' | 'unhealthy' | 'unknown';

/** One failure, how it is brought about and ended, and what the product promises of it. Times are milliseconds. */
export interface FailureCase {
  readonly name: string;
  /** What is done to the upstream, in words. */
  readonly injected: string;
  /** A gateway of its own, where the failure is around it; absent: the one that all others share. */
  readonly gateway?: (
    surroundings: string,
  ) => Promise<{ readonly gateway: GatewayProcess; readonly close: () => Promise<void> }>;
  readonly setUp: (place: FailurePlace) => Promise<void>;
  readonly fail: (place: FailurePlace) => Promise<void> | void;
  readonly mend: (place: FailurePlace) => Promise<void> | void;
  readonly expect: Expectation;
  /** How long it lasts from the moment that it is detected, or, where nothing is to be detected, from its begin. */
  readonly lastsMs?: number;
  /** More to look at, at the end; answers what is wrong. */
  readonly also?: (place: FailurePlace) => Promise<readonly string[]>;
  /** What an operator has to do, as nothing else ends it; absent: it recovers by itself. */
  readonly operator?: (place: FailurePlace) => Promise<void>;
}

export interface Expectation {
  /** `healthy`: the failure does no harm, and nothing may be said. */
  readonly level: Level;
  /** Any of these, as the first that is shown. */
  readonly reasons: readonly string[];
  /** From the injection to the first level that is not healthy. */
  readonly withinMs: number;
  /** From the end of the failure until it is healthy and both tools answer. */
  readonly recoversMs: number;
  /** Milliseconds in all that `healthy` may be shown again while the failure lasts, for those that come and go. */
  readonly wellMs?: number;
  /** Whether no call at all may be lost. */
  readonly everyCallAnswered?: boolean;
}

/** One line of the table. */
export interface FailureRow {
  readonly name: string;
  readonly injected: string;
  readonly level: Level;
  readonly reason: string;
  readonly action: string | null;
  /** `null`: nothing was to be detected. */
  readonly detected_ms: number | null;
  /** Levels and reasons in the order in which they were shown, from the injection to the recovery. */
  readonly shown: readonly string[];
  /** What callers got while it lasted, by kind. */
  readonly answers: Readonly<Record<string, number>>;
  /** Longest that a caller waited while it lasted. */
  readonly slowest_ms: number;
  readonly executions: { readonly sent: number; readonly ran: number; readonly twice: number };
  readonly recovered_ms: number | null;
  readonly recovery: string;
  readonly alerts: readonly string[];
  readonly faults: readonly string[];
}
