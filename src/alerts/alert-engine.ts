import { HealthChanged } from '../health/health.events.js';
import type { Clock } from '../kernel/clock.js';
import type { DomainEvent } from '../kernel/domain-event.js';
import type { EventBus } from '../kernel/event-bus.js';
import type { Logger } from '../kernel/logger.js';
import {
  AvailabilityChanged,
  InstanceFailed,
  ServiceStateChanged,
} from '../lifecycle/lifecycle.events.js';
import { RevisionPromoted, ServiceArchived } from '../registry/registry.events.js';
import type { AlertArchive } from './alert-archive.js';
import type { AlertBoard, Notice } from './alert-board.js';
import type { AlertSource } from './alert-source.js';
import type { Alert } from './alert.js';
import { AlertFired, AlertResolved } from './alerts.events.js';
import type { DeliveryRunner } from './delivery-runner.js';
import { severityOf, type Outbox } from './outbox.js';

/** Services that the resync looks at in one tick, so that it holds nothing else up. */
const RESYNC_CHUNK = 500;
/** How long notifications under way may take to end when the gateway does, in milliseconds. */
const STOP_MS = 2_000;

export interface EngineParts {
  readonly source: AlertSource;
  readonly board: AlertBoard;
  readonly outbox: Outbox;
  readonly archive: AlertArchive;
  readonly runner: DeliveryRunner;
  readonly bus: EventBus;
  readonly clock: Clock;
  readonly logger: Logger;
}

/**
 * Keeps the alerts up to date: events say which services to look at, the tick does what is due, and the minute's resync
 * makes good whatever event was lost. Invariant: an alert and what its receivers are to be told are stored in one commit.
 */
export class AlertEngine {
  private readonly touched = new Set<string | null>();
  /** What the resync has still to look at. */
  private backlog: (string | null)[] = [];
  private ends: (() => void)[] = [];
  private started = false;
  /** The next tick looks at every open alert, due or not. */
  private thorough = false;

  constructor(private readonly parts: EngineParts) {}

  /** Takes up what was stored, and starts to listen. */
  start(): void {
    const { archive, board, outbox, bus } = this.parts;
    board.load(archive.alerts());
    outbox.load(archive.deliveries());
    const touch = ({ service_id }: DomainEvent): void => {
      this.touched.add(service_id);
    };
    this.ends = [
      bus.subscribe(HealthChanged, touch),
      bus.subscribe(ServiceStateChanged, touch),
      bus.subscribe(AvailabilityChanged, touch),
      bus.subscribe(InstanceFailed, touch),
      bus.subscribe(RevisionPromoted, touch),
      bus.subscribe(ServiceArchived, ({ service_id }) => {
        this.touched.add(service_id);
        outbox.removeOfReceivers((id) => id.startsWith(`service:${service_id}:`));
      }),
    ];
    this.started = true;
    this.lookAtAll();
  }

  /** Nothing is started any more; resolves when everything is stored that could be. */
  async stop(): Promise<void> {
    this.started = false;
    for (const end of this.ends.splice(0)) end();
    // What takes longer is sent again after the start, under the same id.
    await Promise.race([this.parts.runner.stop(), this.parts.clock.sleep(STOP_MS)]);
    this.noteChanges();
    await this.parts.archive.flush();
  }

  /** Does what is due. Synchronous. */
  tick(): void {
    if (!this.started) return;
    const { board, clock, runner } = this.parts;
    const nowMs = clock.now();
    const turn = this.backlog.splice(0, RESYNC_CHUNK);
    this.see(new Set([...this.touched, ...board.dueSubjects(nowMs), ...turn]), nowMs);
    this.touched.clear();
    board.mature(nowMs, this.thorough);
    this.thorough = false;
    this.tellNews(nowMs);
    runner.tick();
    this.store();
  }

  /** Looks at everything again, with the next ticks. */
  resync(): void {
    if (!this.started) return;
    const { board, clock } = this.parts;
    this.lookAtAll();
    this.thorough = true;
    board.prune(clock.now());
  }

  /** Brings what is open up to date, so that it reads as the health of its service does. Nothing fires by it. */
  look(): void {
    if (!this.started) return;
    const { board, clock } = this.parts;
    this.see(new Set(board.openAlerts().map(({ service_id }) => service_id)), clock.now());
  }

  /** Stores what changed, behind the caller. */
  store(): void {
    this.noteChanges();
    void this.parts.archive.flush();
  }

  /** Notes what is to be stored with the next commit. */
  noteChanges(): void {
    const { archive, outbox } = this.parts;
    archive.note('alert_delivery', outbox.takeChanged());
  }

  private lookAtAll(): void {
    const { source, board } = this.parts;
    const open = board.openAlerts().map(({ service_id }) => service_id);
    this.backlog = [...new Set([null, ...open, ...source.serviceIds()])];
  }

  private see(subjects: ReadonlySet<string | null>, nowMs: number): void {
    const { source, board, logger } = this.parts;
    for (const id of subjects) {
      try {
        board.see(id, source.reportOf(id), nowMs);
      } catch (error) {
        logger.error({ err: error, service_id: id }, 'a service could not be looked at for alerts');
      }
    }
  }

  private tellNews(nowMs: number): void {
    const { board, outbox, source, archive } = this.parts;
    const { notices, silent, changed } = board.takeNews();
    for (const notice of notices) {
      for (const receiver of source.receiversFor(notice.alert, severityOf(notice))) {
        outbox.add(notice, receiver, nowMs);
      }
      this.announce(notice);
    }
    for (const alert of silent) this.announceEnd(alert);
    archive.note('alert', changed);
  }

  private announce({ kind, alert }: Notice): void {
    const { bus, logger } = this.parts;
    const { alert_id, service_id, name, rule, severity, reason, summary } = alert;
    const fields = { alert_id, service_id, name, rule, severity, reason, detail: summary };
    switch (kind) {
      case 'firing':
        logger.warn(fields, 'an alert fires');
        bus.publish(new AlertFired(alert, severity, reason, summary));
        return;
      case 'repeated':
        logger.warn(fields, 'an alert still fires');
        return;
      case 'resolved':
        this.announceEnd(alert);
    }
  }

  private announceEnd(alert: Alert): void {
    const { bus, logger } = this.parts;
    const { alert_id, service_id, name, rule, resolution } = alert;
    logger.info({ alert_id, service_id, name, rule, resolution }, 'an alert is resolved');
    bus.publish(new AlertResolved(alert, resolution ?? 'Cleared'));
  }
}
