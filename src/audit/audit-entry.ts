import type { ChainedCommit } from '../storage/record-store.js';
import type { Attempt, AttemptCommit, AttemptOutcome, AttemptRecord } from './attempt-record.js';

/** One entry of the audit trail, whichever chain it is in. */
export interface AuditEntry {
  readonly chain: 'journal' | 'attempts';
  /** Revision of the commit, or number of the attempt; `null` = counted in this minute, and not written yet. */
  readonly number: number | null;
  readonly at: string;
  /** Of the last one, where several are counted. */
  readonly until: string | null;
  readonly outcome: AttemptOutcome;
  readonly actor: string;
  readonly source: string;
  readonly verb: string;
  readonly subject: string | null;
  readonly request_id: string | null;
  readonly reason: string | null;
  readonly count: number;
  readonly route: string | null;
  readonly status: number | null;
  readonly code: string | null;
  readonly tool: string | null;
  /** Secrets are redacted. */
  readonly diff: readonly object[] | null;
  /** Records that the commit wrote or deleted. */
  readonly changes: readonly { readonly kind: string; readonly id: string; readonly op: string }[];
  /** Commits of the request, where it made several, or failed after it had made one. They have no entry of their own. */
  readonly commits: readonly AttemptCommit[];
  readonly hash: string | null;
}

export interface AuditFilter {
  /** An id, or `!id` for everybody else. */
  readonly actor?: string;
  readonly source?: string;
  /** The verb, or the beginning of it. */
  readonly verb?: string;
  /** Ids that the subject may be: what was given, and the id of the service of that name. */
  readonly subjects?: ReadonlySet<string>;
  readonly outcome?: string;
  readonly request_id?: string;
  /** Milliseconds since the epoch; both included. */
  readonly sinceMs?: number;
  readonly untilMs?: number;
}

export function entryOfCommit(commit: ChainedCommit): AuditEntry {
  const { revision, at, meta, changes, hash } = commit;
  return {
    chain: 'journal',
    number: revision,
    at,
    until: null,
    outcome: 'done',
    actor: meta.actor,
    source: meta.source,
    verb: meta.verb,
    subject: meta.subject ?? null,
    request_id: meta.request_id ?? null,
    reason: meta.reason ?? null,
    count: 1,
    route: null,
    status: null,
    code: null,
    tool: null,
    diff: meta.diff ?? null,
    changes: changes.map(({ kind, id, op }) => ({ kind, id, op })),
    commits: [],
    hash,
  };
}

/** `attempt` is a record, or a counter of the present minute. */
export function entryOfAttempt(attempt: Attempt | AttemptRecord): AuditEntry {
  const { at, until, outcome, actor, source, verb, subject, request_id, reason, count } = attempt;
  return {
    chain: 'attempts',
    number: 'seq' in attempt ? attempt.seq : null,
    at,
    until: until ?? null,
    outcome,
    actor,
    source,
    verb,
    subject,
    request_id,
    reason: reason ?? null,
    count,
    route: attempt.route,
    status: attempt.status,
    code: attempt.code,
    tool: attempt.tool ?? null,
    diff: null,
    changes: [],
    commits: attempt.commits ?? [],
    hash: 'hash' in attempt ? attempt.hash : null,
  };
}

/** Whether an entry fits every part of the filter; one that stands for several commits, when one of them does. */
export function fits(entry: AuditEntry, filter: AuditFilter): boolean {
  const { verb, subjects, sinceMs, untilMs } = filter;
  const parts = [entry, ...entry.commits];
  const until = Date.parse(entry.until ?? entry.at);
  return (
    isBy(filter.actor, entry.actor) &&
    isSame(filter.source, entry.source) &&
    isSame(filter.outcome, entry.outcome) &&
    isSame(filter.request_id, entry.request_id) &&
    (sinceMs === undefined || until >= sinceMs) &&
    (untilMs === undefined || Date.parse(entry.at) <= untilMs) &&
    parts.some(
      (part) =>
        (verb === undefined || part.verb.startsWith(verb)) &&
        (subjects === undefined || (part.subject !== null && subjects.has(part.subject))),
    )
  );
}

/** `!id` wants everybody else. */
function isBy(wanted: string | undefined, actor: string): boolean {
  return wanted?.startsWith('!') === true ? wanted.slice(1) !== actor : isSame(wanted, actor);
}

function isSame(wanted: string | undefined, found: string | null): boolean {
  return wanted === undefined || wanted === found;
}
