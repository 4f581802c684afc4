import type { Clock } from '../kernel/clock.js';
import type { Logger } from '../kernel/logger.js';
import type { Random } from '../kernel/random.js';
import type { AttemptOutcome, Delivery } from './delivery.js';
import { notificationBody, timeOf } from './notification.js';
import type { Outbox } from './outbox.js';
import type { Receiver } from './receiver.js';

/** Sends one signed message. Never rejects. */
export interface Notifier {
  send(receiver: Receiver, messageId: string, body: string): Promise<AttemptOutcome>;
}

export type DeliveryResult = 'delivered' | 'failed' | 'dead';

export interface DeliveryPorts {
  readonly notifier: Notifier;
  readonly clock: Clock;
  readonly random: Random;
  readonly logger: Logger;
  /** Counts what came of an attempt. */
  readonly count: (result: DeliveryResult) => void;
  /** Something of the outbox changed. */
  readonly changed: () => void;
}

/** Sends what of the outbox is due. */
export class DeliveryRunner {
  private readonly running = new Set<Promise<void>>();
  private stopped = false;

  constructor(
    private readonly outbox: Outbox,
    private readonly receiverOf: (receiverId: string) => Receiver | undefined,
    private readonly ports: DeliveryPorts,
  ) {}

  /** Starts what is due. Synchronous. */
  tick(): void {
    if (this.stopped) return;
    for (const delivery of this.outbox.take(this.ports.clock.now())) {
      const sent: Promise<void> = this.deliver(delivery).finally(() => {
        this.running.delete(sent);
      });
      this.running.add(sent);
    }
  }

  /** Starts nothing more; resolves when what is under way has ended. */
  async stop(): Promise<void> {
    this.stopped = true;
    await Promise.all(this.running);
  }

  private async deliver(delivery: Delivery): Promise<void> {
    const { clock, random } = this.ports;
    const receiver = this.receiverOf(delivery.receiver_id);
    const outcome = receiver === undefined ? GONE : await this.attempt(receiver, delivery);
    const after = this.outbox.done(delivery, outcome, clock.now(), random.fraction());
    this.tell(delivery, outcome, after);
    this.ports.changed();
    this.tick();
  }

  private async attempt(receiver: Receiver, delivery: Delivery): Promise<AttemptOutcome> {
    const { notifier, logger } = this.ports;
    const { type, alerts, created_ms } = delivery;
    const timestamp = timeOf(created_ms);
    const body = notificationBody({ type, timestamp, receiver: receiver.name, alerts });
    try {
      return await notifier.send(receiver, messageIdOf(delivery), body);
    } catch (error) {
      logger.error({ err: error }, 'a notification could not be sent for a fault of ours');
      return { ...GONE, gone: false, error: 'The gateway failed while it sent the notification.' };
    }
  }

  private tell(delivery: Delivery, outcome: AttemptOutcome, after: Delivery | null): void {
    const { count, logger } = this.ports;
    const { delivery_id, receiver } = delivery;
    if (outcome.delivered) {
      count('delivered');
      return;
    }
    if (after === null) return;
    const fields = { delivery_id, receiver, attempts: after.attempts, detail: outcome.error };
    count(after.state === 'dead' ? 'dead' : 'failed');
    if (after.state === 'dead') logger.error(fields, 'a notification is given up');
    else logger.warn(fields, 'a notification was not delivered; it is tried again');
  }
}

/** The `webhook-id`: known to receivers, the same for every attempt. */
export function messageIdOf({ delivery_id }: Pick<Delivery, 'delivery_id'>): string {
  return `msg_${delivery_id}`;
}

const GONE: AttemptOutcome = {
  delivered: false,
  status: null,
  error: 'The receiver is not configured any more.',
  gone: true,
  retry_after_ms: null,
  duration_ms: 0,
};
