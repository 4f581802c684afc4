import { ApiProperty } from '@nestjs/swagger';
import type { Page } from '../../routes/page.js';
import type { AttemptOutcome, Delivery } from '../delivery.js';
import { messageIdOf } from '../delivery-runner.js';
import { timeOf } from '../notification.js';
import type { Receiver } from '../receiver.js';

const TEXT_OR_NULL = { type: String, nullable: true } as const;

/** A notification that is not delivered. What receivers are sent has no secrets in it, and neither has this. */
export class DeliveryView {
  @ApiProperty({ format: 'uuid' })
  delivery_id!: string;

  @ApiProperty({ description: 'The `webhook-id`, the same for every attempt' })
  message_id!: string;

  @ApiProperty()
  receiver_id!: string;

  @ApiProperty({ description: 'Name of the receiver' })
  receiver!: string;

  @ApiProperty({ enum: ['alert.firing', 'alert.repeated', 'alert.resolved'] })
  type!: string;

  @ApiProperty({ enum: ['pending', 'dead'], description: 'dead: given up; it can be sent again' })
  state!: string;

  @ApiProperty({ type: 'integer' })
  attempts!: number;

  @ApiProperty({ format: 'date-time' })
  created_at!: string;

  @ApiProperty({
    type: String,
    format: 'date-time',
    nullable: true,
    description: 'When it is sent at the earliest; null = not any more',
  })
  next_at!: string | null;

  @ApiProperty(TEXT_OR_NULL)
  last_error!: string | null;

  @ApiProperty({
    type: 'array',
    items: { type: 'object', additionalProperties: true },
    description: 'As the receiver is told of them',
  })
  alerts!: readonly object[];
}

export class DeliveryListView {
  @ApiProperty({ type: [DeliveryView] })
  items!: DeliveryView[];

  @ApiProperty(TEXT_OR_NULL)
  next_cursor!: string | null;

  @ApiProperty({ type: 'integer', description: 'Of all pages' })
  total!: number;

  @ApiProperty({
    type: 'integer',
    description: 'Dead ones dropped since the gateway started, as more than 1,000 were kept',
  })
  dropped!: number;
}

/** Who is told of alerts. The path of the URL is not shown: with many receivers it is the key to them. */
export class ReceiverView {
  @ApiProperty({ example: 'gateway:on-call' })
  receiver_id!: string;

  @ApiProperty()
  name!: string;

  @ApiProperty({ description: 'Scheme, host and port' })
  origin!: string;

  @ApiProperty({ enum: ['warning', 'critical'] })
  min_severity!: string;

  @ApiProperty({ type: [String], nullable: true, description: 'Name patterns; null = all' })
  services!: readonly string[] | null;

  @ApiProperty({ ...TEXT_OR_NULL, description: 'The service that configures it, or null' })
  service_id!: string | null;
}

export class ReceiverListView {
  @ApiProperty({ type: [ReceiverView] })
  items!: ReceiverView[];
}

export class TestOutcomeView {
  @ApiProperty()
  receiver_id!: string;

  @ApiProperty()
  delivered!: boolean;

  @ApiProperty({ type: Number, nullable: true, description: 'HTTP status it answered with' })
  status!: number | null;

  @ApiProperty(TEXT_OR_NULL)
  error!: string | null;

  @ApiProperty({ type: 'integer', description: 'Milliseconds' })
  duration_ms!: number;
}

export function deliveryView(delivery: Delivery): DeliveryView {
  const { delivery_id, receiver_id, receiver, type, state, attempts, last_error } = delivery;
  return {
    delivery_id,
    message_id: messageIdOf(delivery),
    receiver_id,
    receiver,
    type,
    state,
    attempts,
    created_at: timeOf(delivery.created_ms),
    next_at: state === 'dead' ? null : timeOf(delivery.next_ms),
    last_error,
    alerts: delivery.alerts,
  };
}

export function deliveryListView(page: Page<Delivery>, dropped: number): DeliveryListView {
  return { ...page, items: page.items.map(deliveryView), dropped };
}

export function receiverView(receiver: Receiver): ReceiverView {
  const { receiver_id, name, url, min_severity, services, service_id } = receiver;
  return { receiver_id, name, origin: new URL(url).origin, min_severity, services, service_id };
}

export function testOutcomeView(tried: {
  readonly receiver: Receiver;
  readonly outcome: AttemptOutcome;
}): TestOutcomeView {
  const { delivered, status, error, duration_ms } = tried.outcome;
  return { receiver_id: tried.receiver.receiver_id, delivered, status, error, duration_ms };
}
