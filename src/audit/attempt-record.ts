import { isJsonObject, type JsonObject } from '../kernel/json.js';
import type { ChainLink } from '../storage/record-store.js';
import { openLine, sealLine, type SealedLine } from '../storage/sealed-line.js';

/** `done`: a request changed something outside the store, or nothing. `failed`: it was refused or broke. `denied`: see `denials`. */
export type AttemptOutcome = 'done' | 'failed' | 'denied';

/** A commit that a request made; its own entry is the journal's. */
export interface AttemptCommit {
  readonly revision: number;
  readonly verb: string;
  readonly subject: string | null;
}

/** The actor of those who showed no credentials, or none that are known. */
export const ANONYMOUS = 'anonymous';

/** What is recorded of a request that is not told by exactly one commit, or of several like it. */
export interface Attempt {
  /** Of the first of them. */
  readonly at: string;
  /** Of the last of them; absent where there is one. */
  readonly until?: string;
  readonly outcome: AttemptOutcome;
  /** Id of the principal; `anonymous` = nobody that is known. */
  readonly actor: string;
  readonly source: string;
  /** What was asked for, in the words of the commits: `service.restart`. */
  readonly verb: string;
  /** Method and path template, or the kind of call. */
  readonly route: string;
  readonly subject: string | null;
  readonly status: number;
  /** Of the problem that was answered. */
  readonly code: string | null;
  /** Of the first of them. */
  readonly request_id: string | null;
  readonly reason?: string;
  readonly tool?: string;
  /** How many there were. */
  readonly count: number;
  /** What the request committed before it ended so. */
  readonly commits?: readonly AttemptCommit[];
}

/** One line of the file of attempts. */
export interface AttemptRecord extends Attempt {
  readonly schema_version: string;
  /** From 1, without gaps. */
  readonly seq: number;
  /** Where the journal stood: cut off behind it, it would no longer fit. */
  readonly journal: ChainLink;
  readonly prev_hash: string;
  readonly hash: string;
}

export const ATTEMPT_SCHEMA_VERSION = '1.0';
const OUTCOMES: ReadonlySet<unknown> = new Set<AttemptOutcome>(['done', 'failed', 'denied']);

/** The line of an attempt, with its line feed, and its hash. */
export function encodeAttempt(
  attempt: Attempt,
  seq: number,
  journal: ChainLink,
  prevHash: string,
): SealedLine {
  return sealLine({
    schema_version: ATTEMPT_SCHEMA_VERSION,
    seq,
    ...attempt,
    journal,
    prev_hash: prevHash,
  });
}

/** The record of one line without its line feed, or why it is none. */
export function decodeAttempt(line: Buffer): AttemptRecord | string {
  const record = openLine(line);
  if (typeof record === 'string') return record;
  return isAttempt(record) ? record : 'The line is not a record of an attempt.';
}

function isAttempt(value: JsonObject): value is JsonObject & AttemptRecord {
  const { seq, count, status, journal, outcome } = value;
  const texts = ['schema_version', 'at', 'actor', 'source', 'verb', 'route', 'prev_hash', 'hash'];
  return (
    isCount(seq) &&
    isCount(count) &&
    typeof status === 'number' &&
    OUTCOMES.has(outcome) &&
    texts.every((name) => typeof value[name] === 'string') &&
    isJsonObject(journal) &&
    isCount(journal['number']) &&
    typeof journal['hash'] === 'string' &&
    (value['commits'] === undefined || isCommits(value['commits']))
  );
}

function isCommits(value: unknown): boolean {
  return (
    Array.isArray(value) &&
    value.every(
      (one) => isJsonObject(one) && isCount(one['revision']) && typeof one['verb'] === 'string',
    )
  );
}

function isCount(value: unknown): boolean {
  return typeof value === 'number' && Number.isSafeInteger(value) && value >= 0;
}
