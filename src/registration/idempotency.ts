import { ProblemError, type ProblemDefinition, type ProblemDetails } from '../kernel/problem.js';
import { canonicalJson } from '../kernel/json.js';
import { sha256Hex } from '../kernel/ids.js';
import type { Clock } from '../kernel/clock.js';
import type { Logger } from '../kernel/logger.js';
import type {
  CommitMeta,
  RecordChange,
  RecordStore,
  StoredRecord,
} from '../storage/record-store.js';
import { registrationProblems } from './registration.errors.js';

/** What a handler answered, as far as it has to be given again. */
export interface KeptAnswer {
  readonly status: number;
  readonly headers: Readonly<Record<string, string>>;
  /** Plain JSON; `null` for an empty answer. */
  readonly body: unknown;
}

/** Who asked for what, under which key. */
export interface KeyedRequest {
  readonly principal: string;
  readonly method: string;
  readonly path: string;
  readonly key: string;
  readonly body: unknown;
}

export interface IdempotencyLimits {
  readonly max_age_ms: number;
  /** Oldest are dropped above these two. */
  readonly max_records: number;
  readonly max_total_bytes: number;
  /** A larger answer is remembered without its body. */
  readonly max_answer_bytes: number;
}

export const IDEMPOTENCY_LIMITS: IdempotencyLimits = {
  max_age_ms: 24 * 60 * 60 * 1000,
  max_records: 10_000,
  max_total_bytes: 64 * 1024 * 1024,
  max_answer_bytes: 1024 * 1024,
};

/** Record kind `idempotency`, id = SHA-256 of principal, method, path and key. Written here alone. */
interface IdempotencyDocument {
  readonly schema_version: string;
  readonly request_sha256: string;
  readonly at_ms: number;
  readonly bytes: number;
  readonly answer: KeptAnswer | null;
  readonly problem: KeptProblem | null;
  /** Of an answer that was too large to keep; else `null`. */
  readonly dropped_status: number | null;
}

interface KeptProblem {
  readonly code: string;
  readonly definition: ProblemDefinition;
  readonly details: Omit<ProblemDetails, 'cause'>;
}

const KEY = /^[\x21-\x7e]{1,255}$/;

/** The header's value; quotes of a structured string (RFC 8941) are taken off. Throws when it is not a usable key. */
export function readIdempotencyKey(header: string | readonly string[]): string {
  const text = typeof header === 'string' ? header : header.length === 1 ? (header[0] ?? '') : '';
  const key = /^"(.*)"$/.exec(text)?.[1] ?? text;
  if (KEY.test(key)) return key;
  throw registrationProblems['idempotency-key-invalid']();
}

/**
 * Same key and body, same answer: for 24 hours, over restarts, and while the first request is still under way. What runs
 * is in memory only: after a crash a repeated request runs again and meets the state that the first one left.
 *
 * Server faults (5xx) and 429 are not kept: the client is meant to try again.
 */
export class IdempotentRequests {
  private readonly running = new Map<string, { hash: string; result: Promise<KeptAnswer> }>();

  constructor(
    private readonly store: RecordStore,
    private readonly clock: Clock,
    private readonly logger: Logger,
    private readonly limits: IdempotencyLimits = IDEMPOTENCY_LIMITS,
  ) {}

  /** Runs `task` unless the request was seen before; rejects as it did then when it was refused. */
  async run(
    request: KeyedRequest,
    task: () => Promise<KeptAnswer>,
  ): Promise<{ readonly answer: KeptAnswer; readonly replayed: boolean }> {
    const { principal, method, path, key } = request;
    const id = sha256Hex(JSON.stringify([principal, method, path, key]));
    const hash = sha256Hex(canonicalJson(request.body ?? null));
    const kept = this.store.get<IdempotencyDocument>('idempotency', id)?.doc;
    if (kept !== undefined && this.clock.now() - kept.at_ms < this.limits.max_age_ms) {
      requireSame(kept.request_sha256, hash);
      return { answer: repeat(kept), replayed: true };
    }
    const running = this.running.get(id);
    if (running !== undefined) {
      requireSame(running.hash, hash);
      return { answer: await running.result, replayed: true };
    }
    const result = this.runOnce(id, hash, task);
    this.running.set(id, { hash, result });
    try {
      return { answer: await result, replayed: false };
    } finally {
      this.running.delete(id);
    }
  }

  private async runOnce(
    id: string,
    hash: string,
    task: () => Promise<KeptAnswer>,
  ): Promise<KeptAnswer> {
    try {
      const answer = await task();
      if (isFinal(answer.status)) await this.keep(id, hash, answer, null);
      return answer;
    } catch (error) {
      if (error instanceof ProblemError && isFinal(error.status)) {
        await this.keep(id, hash, null, problemOf(error));
      }
      throw error;
    }
  }

  /** Invariant: keeping never turns an answer into a failure; what cannot be kept is logged. */
  private async keep(
    id: string,
    request_sha256: string,
    answer: KeptAnswer | null,
    problem: KeptProblem | null,
  ): Promise<void> {
    const bytes = Buffer.byteLength(JSON.stringify(answer ?? problem));
    const isTooLarge = bytes > this.limits.max_answer_bytes;
    const doc: IdempotencyDocument = {
      schema_version: '1.0',
      request_sha256,
      at_ms: this.clock.now(),
      bytes: isTooLarge ? 0 : bytes,
      answer: isTooLarge ? null : answer,
      problem: isTooLarge ? null : problem,
      dropped_status: isTooLarge ? (answer?.status ?? problem?.definition.status ?? null) : null,
    };
    try {
      const put: RecordChange = { kind: 'idempotency', id, op: 'put', doc };
      await this.store.commit([put, ...this.surplus(id, doc.bytes)], KEEP);
    } catch (error) {
      this.logger.warn({ err: error }, 'could not keep an answer for its Idempotency-Key');
    }
  }

  /** What has to go: the expired, then the oldest while there are too many or they are too large together. */
  private surplus(id: string, bytes: number): RecordChange[] {
    const oldestFirst = this.store
      .list<IdempotencyDocument>('idempotency')
      .filter((record) => record.id !== id)
      .sort((left, right) => left.doc.at_ms - right.doc.at_ms);
    const expired = this.clock.now() - this.limits.max_age_ms;
    let count = oldestFirst.length + 1;
    let total = oldestFirst.reduce((sum, record) => sum + record.doc.bytes, bytes);
    const gone: RecordChange[] = [];
    for (const record of oldestFirst) {
      const fits = count <= this.limits.max_records && total <= this.limits.max_total_bytes;
      if (fits && record.doc.at_ms > expired) break;
      gone.push(removalOf(record));
      count -= 1;
      total -= record.doc.bytes;
    }
    return gone;
  }
}

const KEEP: CommitMeta = { actor: 'system', source: 'api', verb: 'idempotency.keep' };

function removalOf({ id }: StoredRecord<IdempotencyDocument>): RecordChange {
  return { kind: 'idempotency', id, op: 'delete' };
}

function requireSame(kept: string, now: string): void {
  if (kept !== now) throw registrationProblems['idempotency-mismatch']();
}

function isFinal(status: number): boolean {
  return status < 500 && status !== 429;
}

function problemOf({ code, definition, details }: ProblemError): KeptProblem {
  const { detail, errors, retry_after_s, extra, headers } = details;
  return { code, definition, details: { detail, errors, retry_after_s, extra, headers } };
}

function repeat({ answer, problem, dropped_status }: IdempotencyDocument): KeptAnswer {
  if (problem !== null) throw new ProblemError(problem.code, problem.definition, problem.details);
  if (answer !== null) return answer;
  throw registrationProblems['idempotency-answer-dropped']({
    detail: `The first request ended with status ${String(dropped_status)}.`,
    extra: { first_status: dropped_status },
  });
}
