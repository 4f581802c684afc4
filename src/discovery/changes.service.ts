import { Injectable } from '@nestjs/common';
import type { ServerResponse } from 'node:http';
import type { Principal } from '../auth/principal.js';
import { Clock } from '../kernel/clock.js';
import { RegistryService } from '../registry/registry.service.js';
import { RecordStore, type CommitRecord } from '../storage/record-store.js';
import { changeView } from './change-view.js';
import { discoveryProblems } from './discovery.errors.js';
import type { ChangeListView } from './dto/read-changes.dto.js';
import type { ManagementStream, StreamEvent } from './event-stream.js';
import { StreamDesk } from './stream-desk.js';

const DEFAULT_LIMIT = 100;
const PAGE = 200;

export interface ChangesQuery {
  readonly since?: number;
  /** Seconds. */
  readonly wait?: number;
  readonly limit?: number;
}

/** The store's commits in order, each once: as pages to poll for, or as a stream that can be resumed. */
@Injectable()
export class ChangesService {
  constructor(
    private readonly store: RecordStore,
    private readonly registry: RegistryService,
    private readonly clock: Clock,
    private readonly desk: StreamDesk,
  ) {}

  /** Throws `storage.compacted` past retention, `discovery.query-invalid` for a revision that is still to come. */
  async poll(
    query: ChangesQuery,
    principal: Principal,
    signal: AbortSignal,
  ): Promise<ChangeListView> {
    const since = this.checkedSince(query.since);
    if (since === this.store.revision && (query.wait ?? 0) > 0) {
      await this.nextCommit((query.wait ?? 0) * 1_000, signal);
    }
    const commits = await this.store.changesSince(since, query.limit ?? DEFAULT_LIMIT);
    const items = commits.flatMap((commit) => this.view(commit, principal) ?? []);
    const next = commits[commits.length - 1]?.revision ?? since;
    return { items, next, revision: this.store.revision };
  }

  /** The same as an event stream: ids are revisions, `bookmark` events say how far it is while nothing happens. */
  async stream(
    since: number | undefined,
    principal: Principal,
    response: ServerResponse,
  ): Promise<void> {
    const reader = { sent: this.checkedSince(since) };
    // Asked before the head is written, so that `storage.compacted` can still be answered as a problem.
    await this.store.changesSince(reader.sent, 1);
    const stream = this.desk.open(response, () => bookmark(reader.sent));
    const waker = new Waker();
    stream.onClose(
      this.store.watch(() => {
        waker.wake();
      }),
    );
    stream.onClose(() => {
      waker.wake();
    });
    stream.send(bookmark(reader.sent));
    while (stream.open) {
      const commits = await this.store.changesSince(reader.sent, PAGE);
      await this.sendAll(stream, commits, principal, reader);
      if (commits.length === 0) await waker.asleep();
    }
  }

  /** Invariant: `reader.sent` is the last commit written to the stream at any moment, as a bookmark may follow at once. */
  private async sendAll(
    stream: ManagementStream,
    commits: readonly CommitRecord[],
    principal: Principal,
    reader: { sent: number },
  ): Promise<void> {
    for (const commit of commits) {
      const view = this.view(commit, principal);
      const id = String(commit.revision);
      if (view !== null && !stream.send({ event: 'change', id, data: view })) return;
      reader.sent = commit.revision;
      await stream.drained();
    }
  }

  private view(commit: CommitRecord, principal: Principal): ReturnType<typeof changeView> {
    return changeView(commit, principal, (id) => this.registry.find(id)?.spec.name ?? null);
  }

  private checkedSince(since: number | undefined): number {
    const { revision } = this.store;
    if (since === undefined) return revision;
    if (since <= revision) return since;
    const errors = [{ pointer: '#query/since', detail: `The newest revision is ${revision}` }];
    throw discoveryProblems['query-invalid']({ errors });
  }

  private async nextCommit(timeoutMs: number, signal: AbortSignal): Promise<void> {
    const come = new AbortController();
    const wake = (): void => {
      come.abort();
    };
    const end = this.store.watch(wake);
    signal.addEventListener('abort', wake, { once: true });
    await this.clock.sleep(timeoutMs, come.signal);
    signal.removeEventListener('abort', wake);
    end();
  }
}

function bookmark(revision: number): StreamEvent {
  return { event: 'bookmark', id: String(revision), data: { revision } };
}

/** Remembers a wake that comes before anybody sleeps. */
class Waker {
  private pending = false;
  private resolve: (() => void) | null = null;

  wake(): void {
    this.pending = true;
    this.resolve?.();
  }

  async asleep(): Promise<void> {
    if (!this.pending) {
      await new Promise<void>((resolve) => {
        this.resolve = resolve;
      });
    }
    this.pending = false;
    this.resolve = null;
  }
}
