import type { OwnListener } from '../kernel/egress.js';

/** The addresses this gateway listens at: no upstream may be there. Whoever opens a listener adds it. */
export class OwnListeners {
  private readonly listeners: OwnListener[] = [];

  /** `port` is the real one, not 0. */
  add(address: string, port: number): void {
    if (port > 0) this.listeners.push({ address, port });
  }

  list(): readonly OwnListener[] {
    return this.listeners;
  }
}
