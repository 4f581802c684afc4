import { Injectable } from '@nestjs/common';
import type { Principal } from '../auth/principal.js';
import { Clock } from '../kernel/clock.js';
import { RegistryService } from '../registry/registry.service.js';
import type { ChainPage } from '../storage/chain-history.js';
import { RecordStore, type ChainedCommit, type HistoryQuery } from '../storage/record-store.js';
import { entryOfAttempt, entryOfCommit, fits, type AuditFilter } from './audit-entry.js';
import { exportTrail } from './audit-export.js';
import { AuditTrail, decodePosition, encodePosition } from './audit-trail.js';
import { auditProblems } from './audit.errors.js';
import { Attempts } from './attempts.js';
import type { AuditEntryView, AuditListView, AuditVerdictView } from './dto/audit.view.js';
import type { FilterAuditDto, ListAuditDto } from './dto/list-audit.dto.js';

const DEFAULT_LIMIT = 50;

/** Reads the audit trail: the journal of the store and the file of attempts, as one list and as two chains. */
@Injectable()
export class AuditService {
  private verifying: Promise<AuditVerdictView> | null = null;

  constructor(
    private readonly store: RecordStore,
    private readonly attempts: Attempts,
    private readonly registry: RegistryService,
    private readonly clock: Clock,
  ) {}

  /** Newest first. Counters of the present minute stand before all that is written. */
  async list(query: ListAuditDto, principal: Principal): Promise<AuditListView> {
    requireAll(principal);
    const filter = await this.filterOf(query);
    const { cursor, limit = DEFAULT_LIMIT } = query;
    const position = cursor === undefined ? undefined : decodePosition(cursor);
    if (position === null) throw refusedCursor();
    await this.attempts.flush();
    const counted = position === undefined ? this.attempts.counted().map(entryOfAttempt) : [];
    const told = await this.attempts.toldCommits();
    const trail = new AuditTrail({
      journal: async (wanted) => mapped(await this.commits(wanted), entryOfCommit),
      attempts: async (wanted) =>
        mapped(await this.attempts.page(wanted), ({ record }) => entryOfAttempt(record)),
      isTold: (revision) => told.has(revision),
    });
    const page = await trail.page(filter, limit, position);
    const items = [...counted.filter((entry) => fits(entry, filter)), ...page.items];
    return {
      items: await Promise.all(items.map((entry) => this.named(entry))),
      next_cursor: page.next === null ? null : encodePosition(page.next),
      damaged: page.damaged,
    };
  }

  /** Reads both chains whole. Whoever asks while that goes on gets the same answer. */
  async verify(principal: Principal): Promise<AuditVerdictView> {
    requireAll(principal);
    this.verifying ??= this.readWhole().finally(() => {
      this.verifying = null;
    });
    return this.verifying;
  }

  /** NDJSON, as `exportTrail` says. */
  async export(query: FilterAuditDto, principal: Principal): Promise<AsyncGenerator<string>> {
    requireAll(principal);
    const filter = await this.filterOf(query);
    await this.attempts.flush();
    const sources = {
      journal: (wanted: HistoryQuery) => this.commits(wanted),
      attempts: (wanted: HistoryQuery) => this.attempts.page(wanted),
      heads: { journal: this.store.chainEnd, attempts: this.attempts.end },
    };
    return exportTrail(sources, filter, this.clock.timestamp());
  }

  private async readWhole(): Promise<AuditVerdictView> {
    const startedMs = this.clock.monotonicMs();
    await this.attempts.flush();
    // First the attempts: they have seen the journal, so it is read no earlier than they were written.
    const { verdict, witnesses } = await this.attempts.check();
    const journal = await this.store.verifyChain(witnesses);
    return {
      intact: verdict.intact && journal.intact,
      at: this.clock.timestamp(),
      duration_ms: Math.round(this.clock.monotonicMs() - startedMs),
      journal,
      attempts: verdict,
      lost: this.attempts.lost,
    };
  }

  private async commits(query: HistoryQuery): Promise<ChainPage<ChainedCommit>> {
    const { commits, next, damaged } = await this.store.history(query);
    return { items: commits, next, damaged };
  }

  private async filterOf(query: FilterAuditDto): Promise<AuditFilter> {
    const { actor, source, verb, outcome, request_id, subject, since, until } = query;
    const given = { actor, source, verb, outcome, request_id };
    return {
      ...Object.fromEntries(Object.entries(given).filter(([, value]) => value !== undefined)),
      ...(subject === undefined ? {} : { subjects: await this.idsOf(subject) }),
      ...(since === undefined ? {} : { sinceMs: Date.parse(since) }),
      ...(until === undefined ? {} : { untilMs: Date.parse(until) }),
    };
  }

  /** What was given, and the ids of the live and of the deleted service of that name. */
  private async idsOf(subject: string): Promise<ReadonlySet<string>> {
    const live = this.registry.find(subject)?.service_id;
    const archived = (await this.registry.archived(subject))?.service.service_id;
    return new Set([subject, ...(live ? [live] : []), ...(archived ? [archived] : [])]);
  }

  private async named(entry: Omit<AuditEntryView, 'subject_name'>): Promise<AuditEntryView> {
    const { subject } = entry;
    const name = subject === null ? undefined : this.registry.find(subject)?.spec.name;
    return { ...entry, subject_name: name ?? null };
  }
}

/** The chains cannot be shown in part, and what is in them concerns every service. */
function requireAll(principal: Principal): void {
  if (principal.services === null) return;
  throw auditProblems['all-services-needed'](`The key "${principal.id}" sees some services only.`);
}

function refusedCursor(): Error {
  const errors = [{ pointer: '#query/cursor', detail: 'Not a cursor of this list' }];
  return auditProblems['query-invalid']({ errors });
}

function mapped<T, U>(page: ChainPage<T>, map: (item: T) => U): ChainPage<U> {
  return { ...page, items: page.items.map(map) };
}
