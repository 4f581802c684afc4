/** What is told, and when in milliseconds. */
export type Told = [kind: string, atMs: number];

const HOLD = 20_000;
const REPEAT = 14_400_000;
const WINDOW = 300_000;

/**
 * One alert by the rules as the guide states them, without regard for services that depend on one another: held for 20 s,
 * gone for 20 s, told again every 4 h, one pair in 5 minutes, flapping ones quiet for 5 minutes. Written straight down, to
 * compare the real one with.
 */
export class AlertReference {
  readonly told: Told[] = [];
  private severity = 0;
  private waitingSince = -1;
  private waitingUntil = -1;
  private rings = false;
  private known = true;
  private goneSince = -1;
  /** Severity that was told since it rings; 0 = nothing yet. */
  private toldSeverity = 0;
  private lastRing = -Infinity;
  private lastWord = -Infinity;
  private summaryAt = -1;
  private flaps = 0;

  see(what: string, now: number): void {
    const holds = ['warning', 'critical', 'definite'].includes(what);
    this.known = what !== 'unknown';
    if (holds) {
      this.severity = what === 'warning' ? 1 : 2;
      this.goneSince = -1;
      const hold = what === 'definite' ? 0 : HOLD;
      if (this.rings) return;
      if (this.waitingSince < 0) {
        this.waitingSince = now;
        this.waitingUntil = now + hold;
      }
      this.waitingUntil = Math.min(this.waitingUntil, this.waitingSince + hold);
      return;
    }
    if (what === 'unknown') return;
    this.waitingSince = -1;
    if (!this.rings) return;
    if (what === 'clear' && this.goneSince < 0) this.goneSince = now;
    if (what === 'off') this.end(now, true);
    if (what === 'gone') this.end(now, false);
  }

  tick(now: number): void {
    if (!this.rings) {
      const due = this.waitingSince >= 0 && this.known && now >= this.waitingUntil;
      if (due) this.ring(now);
      return;
    }
    if (this.summaryAt >= 0 && now >= this.summaryAt) {
      this.summaryAt = -1;
      this.say('firing', now);
      this.lastRing = now;
      this.toldSeverity = this.severity;
    } else if (this.toldSeverity > 0 && this.severity > this.toldSeverity) {
      this.toldSeverity = this.severity;
      this.told.push(['firing', now]);
    }
    if (this.goneSince >= 0) {
      const quiet = this.flaps > 0 ? WINDOW : HOLD;
      if (this.known && now >= this.goneSince + quiet) this.end(now, true);
    } else if (this.toldSeverity > 0 && now >= this.lastWord + REPEAT) {
      this.say('repeated', now);
    }
  }

  private ring(now: number): void {
    this.rings = true;
    this.waitingSince = -1;
    this.goneSince = -1;
    if (now - this.lastRing >= WINDOW) {
      this.flaps = 0;
      this.lastRing = now;
      this.toldSeverity = this.severity;
      this.say('firing', now);
    } else {
      this.flaps += 1;
      this.toldSeverity = 0;
      this.summaryAt = this.lastRing + WINDOW;
    }
  }

  private end(now: number, aloud: boolean): void {
    if (aloud && this.toldSeverity > 0) this.told.push(['resolved', now]);
    this.rings = false;
    this.toldSeverity = 0;
    this.summaryAt = -1;
    this.goneSince = -1;
  }

  private say(kind: string, now: number): void {
    this.told.push([kind, now]);
    this.lastWord = now;
  }
}
