import { subscribe, unsubscribe } from 'node:diagnostics_channel';
import { isJsonObject } from '../kernel/json.js';
import type { Metrics } from './metrics.js';

/**
 * Turns the messages of the diagnostics channels into metrics. Known by name, as observability stands below the modules
 * that publish; a message of another shape is not counted, since a metric must never break a call.
 */
export class ChannelSubscriber {
  private readonly subscriptions: readonly (readonly [string, (message: unknown) => void])[];

  constructor(metrics: Metrics) {
    this.subscriptions = [
      ['switchyard:call', (message) => countCall(metrics, message)],
      ['switchyard:session', (message) => countSession(metrics, message)],
      ['switchyard:commit', (message) => countCommit(metrics, message)],
    ];
  }

  start(): void {
    for (const [name, listener] of this.subscriptions) subscribe(name, listener);
  }

  stop(): void {
    for (const [name, listener] of this.subscriptions) unsubscribe(name, listener);
  }
}

function countCall(metrics: Metrics, message: unknown): void {
  if (!isJsonObject(message)) return;
  const { service, outcome, duration_ms } = message;
  if (typeof service !== 'string' || typeof outcome !== 'string') return;
  if (typeof duration_ms === 'number') metrics.recordCall(service, outcome, duration_ms);
}

function countSession(metrics: Metrics, message: unknown): void {
  if (!isJsonObject(message)) return;
  const { event } = message;
  if (event === 'opened' || event === 'resumed') metrics.recordSession(1);
  else if (event === 'closed') metrics.recordSession(-1);
}

function countCommit(metrics: Metrics, message: unknown): void {
  if (isJsonObject(message) && typeof message.duration_ms === 'number') {
    metrics.recordCommit(message.duration_ms);
  }
}
