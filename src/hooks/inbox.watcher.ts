import { Injectable, type OnApplicationShutdown } from '@nestjs/common';
import { Interval } from '@nestjs/schedule';
import { Inbox } from './inbox.js';

/** Looks into the inbox each second. Why not fs.watch: it misses files on network volumes, and a second is soon enough. */
@Injectable()
export class InboxWatcher implements OnApplicationShutdown {
  private looking: Promise<void> | null = null;
  private isOpen = true;

  /** `null`: the inbox is switched off. */
  constructor(private readonly inbox: Inbox | null) {}

  @Interval(1000)
  tick(): void {
    if (this.inbox === null || this.looking !== null || !this.isOpen) return;
    this.looking = this.inbox.look().finally(() => {
      this.looking = null;
    });
  }

  /** Begins no new file. What is under way is committed already or is taken again at the next start. */
  async onApplicationShutdown(): Promise<void> {
    this.isOpen = false;
    await this.looking;
  }
}
