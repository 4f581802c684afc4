import type { Clock } from '../kernel/clock.js';
import { isJsonObject } from '../kernel/json.js';
import { toolsChannel } from '../upstream/tools-channel.js';

/** Between two looks at the same service, in milliseconds: a server that announces without end costs no more than this. */
const GAP_MS = 1_000;

/**
 * Hears when children announce other tools, and passes it on: the first at once, what follows within a second together
 * after it.
 */
export class AnnouncementWatch {
  /** Services heard of within the gap; `true`: again since. */
  private readonly recent = new Map<string, boolean>();
  private onAnnounced: (service: string) => void = () => undefined;
  private readonly listener = (message: unknown): void => {
    if (isJsonObject(message) && typeof message.service === 'string') this.hear(message.service);
  };

  constructor(private readonly clock: Clock) {}

  /** `service` is a name. */
  start(onAnnounced: (service: string) => void): void {
    this.onAnnounced = onAnnounced;
    toolsChannel.subscribe(this.listener);
  }

  stop(): void {
    toolsChannel.unsubscribe(this.listener);
    this.onAnnounced = () => undefined;
  }

  private hear(service: string): void {
    if (this.recent.has(service)) {
      this.recent.set(service, true);
      return;
    }
    this.recent.set(service, false);
    this.clock.schedule(GAP_MS, () => {
      const again = this.recent.get(service) === true;
      this.recent.delete(service);
      if (again) this.hear(service);
    });
    this.onAnnounced(service);
  }
}
