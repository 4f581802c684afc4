import type { Clock } from '../kernel/clock.js';
import type { EventBus } from '../kernel/event-bus.js';
import type { Logger } from '../kernel/logger.js';
import type { Random } from '../kernel/random.js';
import type { RecordStore } from '../storage/record-store.js';
import { AlertArchive } from './alert-archive.js';
import { AlertBoard } from './alert-board.js';
import { AlertEngine } from './alert-engine.js';
import { AlertSource, type AlertReading } from './alert-source.js';
import { AlertsService } from './alerts.service.js';
import { DeliveryRunner, type DeliveryResult, type Notifier } from './delivery-runner.js';
import { Outbox } from './outbox.js';

export interface AlertPorts {
  readonly reading: Omit<AlertReading, 'store'>;
  readonly store: RecordStore;
  readonly notifier: Notifier;
  readonly clock: Clock;
  readonly random: Random;
  readonly bus: EventBus;
  readonly logger: Logger;
  /** Counts what came of an attempt to deliver. */
  readonly count: (result: DeliveryResult) => void;
  /** Where links in notifications lead, without a slash at the end. */
  readonly baseUrl: string;
}

/** The parts of the module, put together. */
export function assembleAlerts(ports: AlertPorts): AlertsService {
  const { store, notifier, clock, random, bus, logger } = ports;
  const source = new AlertSource({ ...ports.reading, store });
  const newId = (): string => random.uuid();
  const board = new AlertBoard(newId, (id) => source.requiredBy(id));
  const outbox = new Outbox(newId, ports.baseUrl);
  const sources = {
    alert: (id: string) => board.find(id),
    delivery: (id: string) => outbox.find(id),
  };
  const archive = new AlertArchive(store, sources, clock, logger);
  const changed = (): void => {
    engine.store();
  };
  const runner = new DeliveryRunner(outbox, (id) => source.receiver(id), {
    notifier,
    clock,
    random,
    logger,
    count: ports.count,
    changed,
  });
  const engine = new AlertEngine({ source, board, outbox, archive, runner, bus, clock, logger });
  return new AlertsService({
    engine,
    board,
    outbox,
    archive,
    source,
    notifier,
    bus,
    clock,
    random,
  });
}
