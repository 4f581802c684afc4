import { existsSync, readFileSync } from 'node:fs';

/** How a call ended for its client. */
export type End = 'answered' | 'maybe' | 'refused';

/** Every call that was made, against what the upstreams say they have executed. */
export class SoakLedger {
  readonly faults: string[] = [];
  readonly counts = new Map<string, number>();
  private readonly ends = new Map<string, End>();

  constructor(private readonly recordFile: string) {}

  count(what: string): void {
    this.counts.set(what, (this.counts.get(what) ?? 0) + 1);
  }

  note(key: string, end: End): void {
    this.ends.set(key, end);
    this.count(end);
  }

  fault(text: string): void {
    this.count('FAULT');
    process.stdout.write(`FAULT ${new Date().toISOString()} ${text}\n`);
    if (this.faults.length < 50) this.faults.push(text);
  }

  /** Answered calls ran exactly once, refused ones never, all others at most once. */
  settle(): void {
    const ran = new Map<string, number>();
    const text = existsSync(this.recordFile) ? readFileSync(this.recordFile, 'utf8') : '';
    for (const key of text.split('\n')) if (key !== '') ran.set(key, (ran.get(key) ?? 0) + 1);
    for (const [key, end] of this.ends) {
      const times = ran.get(key) ?? 0;
      if (times > 1) this.fault(`${key} ran ${times} times`);
      if (end === 'answered' && times !== 1)
        this.fault(`${key} was answered and ran ${times} times`);
      if (end === 'refused' && times !== 0) this.fault(`${key} was refused and ran ${times} times`);
    }
  }

  summary(): string {
    return [...this.counts].map(([what, count]) => `${what} ${count}`).join(', ');
  }
}
