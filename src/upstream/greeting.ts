import type { Clock } from '../kernel/clock.js';
import { sha256Hex } from '../kernel/ids.js';
import type { JsonObject } from '../kernel/json.js';
import type { ClientFacts, ServerFacts } from './upstream.js';
import type { CommandSpec } from './upstream-spec.js';

/** The handshake is given up this much before its time is over: whoever waits with a timer of the same length knows less. */
const HANDSHAKE_MARGIN_MS = 150;

/** What a child said to our greeting. */
export type Greeting = { readonly server: ServerFacts } | { readonly discovery: JsonObject };

/** Whom and how long a greeting is for. */
export interface Greeted {
  readonly client: ClientFacts;
  /** Monotonic. */
  readonly deadlineMs: number;
  readonly signal: AbortSignal | undefined;
}

/** What the next answer may take; at least 1 ms. */
export function timeLeftMs({ deadlineMs }: Greeted, clock: Clock): number {
  const leftMs = Math.max(1, deadlineMs - clock.monotonicMs());
  return Math.max(1, Math.round(leftMs - Math.min(HANDSHAKE_MARGIN_MS, leftMs / 4)));
}

/** Commands that start the same server have the same key. */
export function eraKeyOf({ file, args, cwd, env }: CommandSpec): string {
  return sha256Hex(JSON.stringify([file, args, cwd, env]));
}
